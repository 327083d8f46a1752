"""Holidays and blackout dates of sites; who may change a site."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0003_user_names_and_secrets"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="site",
            options={"permissions": [("manage_sites", "Create and change sites")]},
        ),
        migrations.CreateModel(
            name="Blackout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("period", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("reason", models.CharField(max_length=200)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blackouts",
                        to="org.site",
                    ),
                ),
            ],
            options={
                "ordering": ["period"],
                "default_permissions": (),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("site", "="), ("period", "&&")], name="blackout_no_overlap"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("period__isempty", False),
                            ("period__lower_inf", False),
                            ("period__upper_inf", False),
                        ),
                        name="blackout_from_day_to_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day_on", models.DateField()),
                ("name", models.CharField(max_length=80)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holidays",
                        to="org.site",
                    ),
                ),
            ],
            options={
                "ordering": ["day_on"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("site", "day_on"), name="holiday_once_per_site")
                ],
            },
        ),
    ]
