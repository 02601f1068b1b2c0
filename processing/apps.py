"""The app for Django."""

from django.apps import AppConfig


class ProcessingConfig(AppConfig):
    """Removal records, the scheduler's lease and the work itself."""

    name = "processing"

    def ready(self) -> None:
        """Let what is kept go with whoever it belongs to."""
        from processing.history import leaving  # noqa: F401
