"""The app's name for Django."""

from django.apps import AppConfig


class ProcessingConfig(AppConfig):
    """Removal records, the scheduler's lease and the work itself."""

    name = "processing"
