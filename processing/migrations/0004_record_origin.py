from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("processing", "0003_choose_size_vocabulary")]

    operations = [
        migrations.AddField(
            model_name="removalrecord",
            name="origin",
            field=models.CharField(
                choices=[("api", "API"), ("playground", "Playground"), ("trial", "Trial")],
                db_default="api",
                default="api",
                max_length=12,
            ),
        ),
    ]
