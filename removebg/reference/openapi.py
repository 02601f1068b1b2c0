"""The OpenAPI description of both dialects, made once a process."""

from functools import cache
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator


@cache
def description() -> dict[str, Any]:
    """Return the whole description as the server publishes it; nobody changes it."""
    with translation.override("en"):  # whoever asks first
        return dict(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]
