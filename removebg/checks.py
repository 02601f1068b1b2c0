"""What Django's checks cannot know about this product."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from processing.matting.model_catalog import CATALOG


@register(deploy=True)
def models_may_earn_money(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whoever deploys is told which of the models offered have no licence for commercial use."""
    rows = [CATALOG[name] for name in settings.ALLOWED_MODELS]
    return [
        Warning(f"{row.name}: its licence ({row.licence}) does not allow commercial use.", id="removebg.W002")
        for row in rows
        if not row.allows_commercial_use
    ]


@register(deploy=True)
def mails_reach_people(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a mail server, codes and invitations end in the log."""
    if settings.EMAIL_BACKEND == "django.core.mail.backends.console.EmailBackend":
        text = "EMAIL_URL is not set: codes to log in with and invitations are printed to the log and reach nobody."
        return [Warning(text, id="removebg.W003")]
    return []


@register(deploy=True)
def many_processes_share_one_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each process of a machine without Redis counts rate limits on its own."""
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        return [Warning("WEB_PROCESSES > 1 without REDIS_URL multiplies every rate limit.", id="removebg.W001")]
    return []


@register(deploy=True)
def money_is_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """With a test key credits are given for payments that nobody makes."""
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_IS_LIVE:
        return [Warning("STRIPE_SECRET_KEY is a test key: credits are sold and nobody pays.", id="removebg.W004")]
    return []


@register()
def free_credits_can_be_earned(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without Stripe nobody can save a card, so that free credits that need one are never given."""
    if settings.FREE_CREDITS_REQUIRE == "card" and not settings.STRIPE_SECRET_KEY:
        text = (
            "FREE_CREDITS_REQUIRE=card without STRIPE_SECRET_KEY: nobody can save a card or buy, and get free credits."
        )
        return [Warning(text, id="removebg.W010")]
    return []
