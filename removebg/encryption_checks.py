"""Deployment check: services on other machines are reached over TLS, or without it on purpose."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_WITH_TLS = {"require", "verify-ca", "verify-full"}
"""Values of PostgreSQL's `sslmode` that never fall back to an unencrypted connection."""


@register(deploy=True)
def connections_are_encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report an error for each service that is reached without TLS and is not in UNENCRYPTED_SERVICES."""
    services = {
        "database": (_is_database_encrypted(), "DATABASE_URL: add ?sslmode=verify-full (or require)."),
        "redis": (_is_redis_encrypted(), "REDIS_URL: use rediss://."),
        "mail": (_is_mail_encrypted(), "EMAIL_URL: use smtp+tls:// or smtp+ssl://."),
    }
    return [
        Error(
            f"The connection to the {name} service is not encrypted. {fix}",
            hint=f"If its network is yours alone, put {name} into UNENCRYPTED_SERVICES.",
            id="removebg.E003",
        )
        for name, (is_encrypted, fix) in services.items()
        if not is_encrypted and name not in settings.UNENCRYPTED_SERVICES
    ]


def _is_database_encrypted() -> bool:
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        return True
    host = database.get("OPTIONS", {}).get("host") or database.get("HOST") or ""
    return database.get("OPTIONS", {}).get("sslmode") in _WITH_TLS or all(map(_is_local, host.split(",")))


def _is_redis_encrypted() -> bool:
    url = urlsplit(settings.REDIS_URL)
    return url.scheme in ("", "unix", "rediss") or _is_local(url.hostname or "")


def _is_mail_encrypted() -> bool:
    if settings.EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend":
        return True
    return settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or _is_local(settings.EMAIL_HOST)


def _is_local(host: str) -> bool:
    """Return whether the host is this machine: a Unix socket, `localhost` or a loopback address."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
