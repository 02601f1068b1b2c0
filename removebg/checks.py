"""What Django's checks cannot know about this product."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from processing.matting.model_catalog import CATALOG


@register
def model_is_in_the_catalog(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """MODEL_NAME must be a row of the catalog."""
    if settings.MODEL_NAME in CATALOG:
        return []
    known = ", ".join(sorted(CATALOG))
    return [Error(f"MODEL_NAME={settings.MODEL_NAME!r} is not one of: {known}.", id="removebg.E001")]


@register(deploy=True)
def many_processes_share_one_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each process of a machine without Redis counts rate limits on its own."""
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        return [Warning("WEB_PROCESSES > 1 without REDIS_URL multiplies every rate limit.", id="removebg.W001")]
    return []
