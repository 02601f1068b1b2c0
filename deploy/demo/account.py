"""Who uses the demo: one person, one organization, one key, 100 credits."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from accounts import api_keys
from accounts.errors import ServiceError
from accounts.models import Membership, Organization, Role, User
from billing import ledger
from billing.selectors import account_of, credits_of

EMAIL = "demo@example.com"
CREDITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """What is needed to use the demo, by hand or by program."""

    email: str
    password: str
    api_key: str


def prepare_account(facts_path: Path) -> DemoAccount:
    """Return the demo's account, made when there is none, with 100 credits; what still works of the facts is kept."""
    facts = read_facts(facts_path)
    user, password = _person(facts.get("password", ""))
    organization = _organization_of(user)
    _top_up(organization)
    return DemoAccount(email=EMAIL, password=password, api_key=_key(organization, user, facts.get("api_key", "")))


def read_facts(path: Path) -> dict[str, str]:
    """Return the texts that an earlier demo wrote; empty when there is nothing to be read."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(facts, dict):
        return {}
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def _person(known_password: str) -> tuple[User, str]:
    """Return the person, who may open the admin too, and a password that works."""
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_superuser(EMAIL)
    if known_password and user.check_password(known_password):
        return user, known_password
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save()
    return user, password


def _organization_of(user: User) -> Organization:
    membership = user.memberships.select_related("organization").order_by("pk").first()
    if membership is not None:
        return membership.organization
    organization = Organization.objects.create(name="Demo")
    Membership.objects.create(user=user, organization=organization, role=Role.OWNER)
    return organization


def _top_up(organization: Organization) -> None:
    account = account_of(organization)
    missing = CREDITS - credits_of(account.pk).available
    if missing > 0:
        ledger.grant(account, amount=missing, reference=f"demo:{uuid4()}", reason="Topped up by make demo.")


def _key(organization: Organization, user: User, known_secret: str) -> str:
    """Return the known key if it still works for this organization, else a new one."""
    try:
        if api_keys.find_active(known_secret).organization == organization:
            return known_secret
    except ServiceError:
        pass
    return api_keys.issue(organization, name="Demo", created_by=user).secret
