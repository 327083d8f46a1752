"""Whom a unit cares for now is found without the years of whom it has cared for."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Cast, Coalesce, Upper


class Migration(migrations.Migration):
    """Nothing that is there changes; the index is built beside the work."""

    atomic = False

    dependencies = [("patients", "0003_allergies_flags_consents")]

    operations = [
        AddIndexConcurrently(
            model_name="caringunit",
            index=models.Index(
                F("unit"),
                Coalesce(
                    Upper("period", output_field=models.DateTimeField()),
                    Cast(Value("infinity"), models.DateTimeField()),
                ),
                name="caringunit_unit_until",
            ),
        ),
    ]
