"""The product as the benchmarks use it: its own settings, its own engine, nothing set up by hand."""

import os
from dataclasses import dataclass
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "removebg.settings")
# Logging in JSON is for servers; a bench that fails says so itself.
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from django.conf import settings  # noqa: E402 - what is imported from here on wants Django set up

from processing.engine import engine  # noqa: E402
from processing.matting.model_catalog import get_model  # noqa: E402
from processing.matting.options import DecodeLimits  # noqa: E402
from processing.matting.session import MattingSession  # noqa: E402
from processing.services import decode_limits  # noqa: E402
from processing.weights import find_verified  # noqa: E402


@dataclass(frozen=True, slots=True)
class Product:
    """What `cut_out` needs, and which weights answer."""

    session: MattingSession
    limits: DecodeLimits
    weights_digest: str


def open_product() -> Product:
    """Return the product on its configured model; SystemExit says what the operator must do."""
    try:
        session = engine.session()
    except Exception as error:
        raise SystemExit(f"{engine.status().problem or error} Run `python manage.py fetch_model` first.") from None
    return Product(session, decode_limits(), engine.status().digest or "unknown")


def find_weights(model: str) -> Path | None:
    """Return the verified file of the model that the product would load, or None."""
    return find_verified(get_model(model), Path(settings.MODEL_CACHE_DIR))
