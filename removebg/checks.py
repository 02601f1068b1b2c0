"""What Django's checks cannot know about this product."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

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


@register(deploy=True)
def is_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if what is deployed has a laptop's settings."""
    if settings.IS_PRODUCTION:
        return []
    return [Warning("DEPLOYMENT is not production: cookies, redirects and secrets are a laptop's.", id="removebg.W005")]


@register(deploy=True)
def number_of_proxies_is_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report an error if production does not say how many proxies stand in front."""
    if not settings.IS_PRODUCTION or settings.IS_TRUSTED_PROXIES_SET:
        return []
    text = "TRUSTED_PROXIES is not set: behind a proxy all callers would share one address and its limits."
    hint = "Set it to the number of your proxies that append to X-Forwarded-For, or to 0 if clients connect directly."
    return [Error(text, hint=hint, id="removebg.E001")]


@register(deploy=True)
def public_url_is_answered(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report an error if links in mails lead to a host that this server refuses."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if validate_host(host, settings.ALLOWED_HOSTS):
        return []
    text = f"PUBLIC_URL has the host {host}, which is not in ALLOWED_HOSTS: links in mails would be refused."
    return [Error(text, hint="Add the host to ALLOWED_HOSTS.", id="removebg.E002")]


@register(deploy=True)
def mails_have_a_sender(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if mails go out with the sender address that only a laptop can use."""
    is_sent = settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
    if not is_sent or not settings.DEFAULT_FROM_EMAIL.rstrip("> ").endswith("@localhost"):
        return []
    text = "DEFAULT_FROM_EMAIL is not set: mails come from an address at localhost, which other servers refuse."
    return [Warning(text, id="removebg.W006")]


@register(deploy=True)
def staff_needs_a_second_factor(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if a password alone opens the admin."""
    if settings.STAFF_SECOND_FACTOR or not settings.IS_PRODUCTION:
        return []
    return [Warning("STAFF_SECOND_FACTOR is off: a password or a mailbox opens the admin.", id="removebg.W007")]
