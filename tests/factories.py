"""Alice owns things, Bob owns other things."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts import api_keys
from accounts.api_keys import IssuedKey
from accounts.models import Membership, Organization, Role, User
from accounts.vouching import vouch_for
from billing import ledger
from billing.models import CreditAccount, EntryKind, Plan
from billing.order_models import Order, Pack
from processing.history.storage import thumbnail_of, write
from processing.models import KeptResult, Origin

PASSWORD = "correct horse battery staple"


def make_user(email: str = "alice@example.com", **fields: Any) -> User:
    """Return a person with a verified address who logs in with PASSWORD."""
    user = User.objects.create_user(email, PASSWORD, **fields)
    vouch_for(user)
    return user


def make_staff(email: str = "sam@example.com") -> User:
    """Return Sam, who may do everything in the admin."""
    return User.objects.create_superuser(email, PASSWORD)


def make_organization(name: str = "Alice's shop", credits: int = 10, plan: str | None = None) -> Organization:
    """Return an organization with this many credits, on the plan with this slug or the default one."""
    organization = Organization.objects.create(name=name)
    account = ledger.open_account(organization, plan=Plan.objects.get(slug=plan) if plan else None)
    if credits:
        ledger.grant(account, amount=credits, reference=f"test:{organization.public_id}", reason="For a test.")
    return organization


def make_account(name: str = "Alice's shop", credits: int = 10, plan: str | None = None) -> CreditAccount:
    """Return the account of a new organization with this many credits."""
    return CreditAccount.objects.get(organization=make_organization(name, credits, plan))


def make_debt(account: CreditAccount, amount: int) -> None:
    """Let the account owe this much, for credits that were bought, used and refunded; what it has stays."""
    reference = f"owed:{account.pk}"
    bought = ledger.grant(account, amount=amount, reference=reference, reason="A pack.", kind=EntryKind.PURCHASE)
    ledger.capture(ledger.hold(account, amount=amount))
    account.refresh_from_db()
    kept = ledger.hold(account, amount=account.available) if account.available else None
    ledger.take_back(bought, amount=amount, kind=EntryKind.REFUND, reference=reference, reason="Refunded.")
    if kept:
        ledger.release(kept)
    account.refresh_from_db()


def make_pack(name: str = "100 credits", credits: int = 100, **fields: Any) -> Pack:
    """Return a pack for 10 euros or 1,500 yen."""
    pack = Pack.objects.create(name=name, credits=credits, **fields)
    for currency, amount in (("eur", 1000), ("jpy", 1500)):
        pack.prices.create(currency=currency, amount=amount)
    return pack


def make_order(organization: Organization, pack: Pack, currency: str = "eur", **fields: Any) -> Order:
    """Return an order whose page of Stripe's is open."""
    order = Order.objects.create(
        organization=organization,
        pack=pack,
        pack_name=pack.name,
        click_token=uuid.uuid4(),
        credits=pack.credits,
        amount=pack.prices.get(currency=currency).amount,
        currency=currency,
        expires_after_days=pack.expires_after_days,
        livemode=False,
    )
    opened = {"checkout_session_id": f"cs_test_{order.pk}", "checkout_url": "https://pay.example.com", **fields}
    Order.objects.filter(pk=order.pk).update(**opened)
    order.refresh_from_db()
    return order


def make_member(organization: Organization, email: str = "alice@example.com", role: Role = Role.OWNER) -> User:
    """Return a new person in this organization."""
    user = make_user(email)
    Membership.objects.create(user=user, organization=organization, role=role)
    return user


def make_key(organization: Organization, *, name: str = "Laptop", **options: Any) -> IssuedKey:
    """Return a new key of the organization, with its secret; `options` as for `api_keys.issue`."""
    return api_keys.issue(organization, name=name, **options)


def keep_result(organization: Organization, person: User) -> KeptResult:
    """Return a result of one byte in the organization's history, which lasts for an hour; its files are there."""
    now = timezone.now()
    kept = KeptResult(organization=organization, person=person, origin=Origin.PLAYGROUND, is_whole=True)
    kept.width = kept.height = kept.size_bytes = kept.thumbnail_bytes = 1
    kept.created, kept.expires_at = now, now + timedelta(hours=1)
    kept.save()
    for file in (kept.name, thumbnail_of(kept.name)):
        write(file, b"a")
    return kept
