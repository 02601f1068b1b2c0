"""When the credits expire is a part of what is agreed to. Consents from before say never: others have to agree anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_guard_support_rows")]

    operations = [
        migrations.AddField(
            model_name="rechargeconsent",
            name="expires_after_days",
            field=models.PositiveIntegerField(help_text="Empty: these credits never expire.", null=True),
        )
    ]
