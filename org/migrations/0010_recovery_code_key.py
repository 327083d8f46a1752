from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0009_client_contact"),
    ]

    operations = [
        migrations.AddField(
            model_name="recoverycode",
            name="key_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
    ]
