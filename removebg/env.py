"""Typed readers of the environment: a malformed value stops the start and names its variable."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import EmailValidator
from django.utils.text import capfirst
from django.utils.translation import to_locale

_env = environ.Env()
CATALOGUE = "LC_MESSAGES/django.mo"


def read_text(name: str, default: str = "") -> str:
    """Return the variable without surrounding blanks; unset and empty both mean the default."""
    return str(_env.str(name, default="")).strip() or default


def read_int(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Return a whole number from `minimum` to `maximum`; raise ImproperlyConfigured for anything else."""
    text = read_text(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}.") from None
    if value < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {value}.")
    if maximum is not None and value > maximum:
        raise ImproperlyConfigured(f"{name} must be at most {maximum}, not {value}.")
    return value


def read_float(name: str, default: float, *, minimum: float = 0.0, maximum: float = math.inf) -> float:
    """Return a finite number from `minimum` to `maximum`; raise ImproperlyConfigured for anything else."""
    text = read_text(name, str(default))
    try:
        value = float(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {text!r}.") from None
    if not math.isfinite(value) or value < minimum:
        raise ImproperlyConfigured(f"{name} must be a finite number of at least {minimum}, not {text}.")
    if value > maximum:
        raise ImproperlyConfigured(f"{name} must be at most {maximum:g}, not {text}.")
    return value


def read_bool(name: str, default: bool) -> bool:
    """Return a yes/no value written as true/false, yes/no, on/off or 1/0."""
    text = read_text(name, "true" if default else "false").lower()
    if text in ("true", "yes", "on", "1"):
        return True
    if text in ("false", "no", "off", "0"):
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {text!r}.")


def read_choice(name: str, choices: Sequence[str], default: str) -> str:
    """Return one of `choices`."""
    text = read_text(name, default)
    if text not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
    return text


def read_list(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return a comma-separated list without empty items."""
    text = read_text(name)
    return [item.strip() for item in text.split(",") if item.strip()] if text else list(default)


def read_choices(name: str, choices: Sequence[str]) -> list[str]:
    """Return a comma-separated list of some of `choices`, none by default."""
    items = read_list(name)
    for item in items:
        if item not in choices:
            raise ImproperlyConfigured(f"{name} may hold {', '.join(choices)}, not {item!r}.")
    return items


def read_languages(name: str, default: Sequence[str], folders: Sequence[Path]) -> list[tuple[str, str]]:
    """Return languages with what they call themselves; each but English needs a compiled catalogue in the folders."""
    codes = list(dict.fromkeys(read_list(name, default)))
    for code in codes:
        if code not in LANG_INFO:
            raise ImproperlyConfigured(f"{name}: {code!r} is no language that Django knows, such as de or pt-br.")
        if code != "en" and not any((folder / to_locale(code) / CATALOGUE).is_file() for folder in folders):
            raise ImproperlyConfigured(f"{name}: there is no {to_locale(code)}/{CATALOGUE} for {code!r} in LOCALE_DIR.")
    return [(code, str(capfirst(LANG_INFO[code].get("name_local", code)))) for code in codes]


def read_ports(name: str, default: Sequence[int]) -> list[int]:
    """Return a comma-separated list of TCP ports, at least one."""
    ports = [int(item) if re.fullmatch(r"[0-9]{1,5}", item) else 0 for item in read_list(name)] or list(default)
    if not all(1 <= port <= 65535 for port in ports):
        raise ImproperlyConfigured(f"{name} must be ports from 1 to 65535 with commas, not {read_text(name)!r}.")
    return ports


def read_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Return a comma-separated list of networks such as 10.1.0.0/16, none by default; one address is a network too."""
    networks = []
    for item in read_list(name):
        try:
            networks.append(ip_network(item))
        except ValueError:
            raise ImproperlyConfigured(f"{name} must hold networks such as 10.1.0.0/16, not {item!r}.") from None
    return networks


def read_rate(name: str, default: str) -> str:
    """Return a rate as django-ratelimit writes it: a count, a slash and s, m, h or d, such as 60/m."""
    text = read_text(name, default)
    if not re.fullmatch(r"[1-9][0-9]*/[smhd]", text):
        raise ImproperlyConfigured(f"{name} must be a rate such as 60/m, not {text!r}.")
    return text


def read_url(name: str, default: str, *, schemes: Sequence[str]) -> str:
    """Return an address with such a scheme and a host (unix: a path), with no slash at its end; empty if both are."""
    text = read_text(name, default).rstrip("/")
    if not text:
        return text
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in schemes and parts.port != 0
        is_whole &= bool(parts.path if parts.scheme == "unix" else parts.hostname)
    except ValueError:
        is_whole = False
    if not is_whole:
        # Its own words could repeat a password.
        raise ImproperlyConfigured(f"{name} must be an address that starts with {' or '.join(schemes)}://.")
    return text


def read_hosts(name: str, default: Sequence[str]) -> list[str]:
    """Return a comma-separated list of host names as ALLOWED_HOSTS takes them: without scheme, port or path.

    Django answers for no name with `_` or letters beyond ASCII, so these are refused here.
    """
    hosts = read_list(name, default)
    for host in hosts:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\]", host):
            raise ImproperlyConfigured(f"{name} must hold host names such as cutouts.example.com, not {host!r}.")
    return hosts


def read_mail_address(name: str, default: str = "") -> str:
    """Return an e-mail address, with or without a name before it in the manner of RFC 5322; empty where both are."""
    text = read_text(name, default)
    _name, address = parseaddr(text)
    try:
        if text:
            EmailValidator(allowlist=["localhost"])(address)
    except ValidationError:
        raise ImproperlyConfigured(f"{name} must be an e-mail address, not {text!r}.") from None
    return text


def read_mail_server(name: str, default: str) -> dict[str, object]:
    """Return Django's settings of the mail server named by a URL such as smtp+tls://user:password@host:587."""
    url = read_text(name, default)
    try:
        found = dict(environ.Env.email_url_config(url))
    except Exception:  # the parser's own words could repeat the password
        raise ImproperlyConfigured(f"{name} is not the URL of a mail server.") from None
    if url.startswith("smtp") and not found.get("EMAIL_HOST"):
        raise ImproperlyConfigured(f"{name} names no host: smtp+tls://user:password@mail.example.com:587.")
    return found


def read_pair(first: str, second: str) -> tuple[str, str]:
    """Return two variables that mean something together only, or two empty texts; refuse one without the other."""
    pair = read_text(first), read_text(second)
    if any(pair) and not all(pair):
        missing = second if pair[0] else first
        raise ImproperlyConfigured(f"{first} and {second} go together, and {missing} is not set.")
    return pair


def read_json(name: str, default: Mapping[str, object]) -> dict[str, object]:
    """Return the members of a JSON object."""
    text = read_text(name)
    if not text:
        return dict(default)
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} must be a JSON object.")  # its text may hold a password
    return value


def read_path(name: str, default: Path) -> Path:
    """Return an absolute path; `~` is the home folder."""
    return Path(read_text(name, str(default))).expanduser().absolute()


def find_path(name: str) -> Path | None:
    """Return an absolute path, or None where the variable is not set."""
    return read_path(name, Path()) if read_text(name) else None


def read_database(name: str, default: str) -> dict[str, object]:
    """Return Django's description of the database named by a URL (sqlite or postgres)."""
    url = read_text(name, default)
    if not url.startswith(("sqlite://", "postgres://", "postgresql://")):
        raise ImproperlyConfigured(f"{name} must start with postgres:// or sqlite://.")
    try:
        return dict(environ.Env.db_url_config(url))
    except Exception:  # the parser's own words could repeat the password
        raise ImproperlyConfigured(f"{name} is not a database URL.") from None
