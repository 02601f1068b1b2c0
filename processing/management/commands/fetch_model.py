"""`manage.py fetch_model [NAME...]`: get models' weights and verify them."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from processing.matting.execution_providers import AUTO, CPU
from processing.matting.model_catalog import ModelRow, UnknownModel, get_model
from processing.matting.prepared_graph import PREPARED
from processing.matting.session import prepare
from processing.weight_sources.progress import TerminalProgress
from processing.weights import FetchFailed, fetch, load_verified


class Command(BaseCommand):
    """Prints each verified file's path on stdout; all that happens on the way goes to stderr."""

    help = "Fetch and verify the weights of models (docs/models.md); does nothing when they are there and right."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="default: each model that the server offers (ALLOWED_MODELS)"
        )
        parser.add_argument(
            "--default-suffices",
            action="store_true",
            help="warn, and end with 0, where another model than MODEL_NAME could not be fetched",
        )

    def handle(self, *args: Any, names: list[str], default_suffices: bool, **options: Any) -> None:
        try:
            models = [get_model(name) for name in names or settings.ALLOWED_MODELS]
        except UnknownModel as error:
            raise CommandError(str(error)) from None
        failed = [model.name for model in models if not self._is_made_ready(model)]
        if failed and not (default_suffices and settings.MODEL_NAME not in failed):
            raise CommandError(f"Could not be fetched: {', '.join(failed)}. The reasons stand above.")

    def _is_made_ready(self, model: ModelRow) -> bool:
        """Fetch and prepare one model; where it cannot be fetched, say why and return False."""
        try:
            self.stdout.write(str(self._fetch(model)))
        except FetchFailed as error:
            self.stderr.write(self.style.WARNING(str(error)))
            return False
        self._prepare(model)
        return True

    def _fetch(self, model: ModelRow) -> Path:
        return fetch(
            model,
            settings.MODEL_CACHE_DIR,
            mirror_url=settings.MODEL_MIRROR_URL,
            timeout_s=settings.MODEL_FETCH_TIMEOUT_S,
            progress=TerminalProgress(),
        )

    def _prepare(self, model: ModelRow) -> None:
        """Make the graph that servers on this machine map, so that not even the first start has to wait for it."""
        if settings.EXECUTION_PROVIDER in (AUTO, CPU.name):
            verified = load_verified(model, settings.MODEL_CACHE_DIR)
            prepare(
                verified.data,
                model,
                threads=settings.INFERENCE_THREADS,
                prepared_folder=settings.MODEL_CACHE_DIR / PREPARED,
                digest=verified.artifact.digest,
            )
