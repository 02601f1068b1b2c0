"""`manage.py fetch_model [NAME]`: get a model's weights and verify them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from processing.matting.model_catalog import UnknownModel, get_model
from processing.weight_sources.progress import TerminalProgress
from processing.weights import FetchFailed, fetch


class Command(BaseCommand):
    """Prints the verified file's path on stdout; all that happens on the way goes to stderr."""

    help = "Fetch and verify the weights of a model (docs/models.md); does nothing when they are there and right."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default=settings.MODEL_NAME, help="default: the setting MODEL_NAME")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            path = fetch(
                get_model(name),
                settings.MODEL_CACHE_DIR,
                mirror_url=settings.MODEL_MIRROR_URL,
                timeout_s=settings.MODEL_FETCH_TIMEOUT_S,
                progress=TerminalProgress(),
            )
        except (UnknownModel, FetchFailed) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(str(path))
