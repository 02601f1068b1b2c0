"""What Django's checks cannot know about this product."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from processing.matting.model_catalog import CATALOG


@register
def models_are_in_the_catalog(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """MODEL_NAME and each of ALLOWED_MODELS must be a row of the catalog."""
    known = ", ".join(sorted(CATALOG))
    return [
        Error(
            f"{'MODEL_NAME' if name == settings.MODEL_NAME else 'ALLOWED_MODELS'}: {name!r} is not one of: {known}.",
            id="removebg.E001",
        )
        for name in settings.ALLOWED_MODELS
        if name not in CATALOG
    ]


@register(deploy=True)
def models_may_earn_money(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whoever deploys is told which of the models offered have no licence for commercial use."""
    rows = [CATALOG[name] for name in settings.ALLOWED_MODELS if name in CATALOG]
    return [
        Warning(f"{row.name}: its licence ({row.licence}) does not allow commercial use.", id="removebg.W002")
        for row in rows
        if not row.allows_commercial_use
    ]


@register(deploy=True)
def many_processes_share_one_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each process of a machine without Redis counts rate limits on its own."""
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        return [Warning("WEB_PROCESSES > 1 without REDIS_URL multiplies every rate limit.", id="removebg.W001")]
    return []
