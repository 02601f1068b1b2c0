"""An organization with as many keys, people, invitations and requests as a test asks for."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Invitation, Membership, Organization, Role, User
from billing.models import KeyMonth
from processing.models import Origin, RemovalRecord
from processing.records import count_past_days
from tests.factories import make_key, make_organization

STATUSES = (200, 200, 200, 400, 402, 503)
ORIGINS = (Origin.API, Origin.PLAYGROUND)


def fill(shop: Organization, count: int, *, requests_a_key: int = 3, days: int = 20) -> None:
    """Give the shop so many keys (one in four over), members, invitations, and requests of each key and of people."""
    now = timezone.now()
    makers = [_member(shop, f"member{number}@example.com") for number in range(count)]
    keys = [
        make_key(
            shop, name=f"Import of shop {n}", created_by=maker, monthly_credit_cap=1000, allowed_networks=["10.0.0.0/8"]
        ).api_key
        for n, maker in enumerate(makers)
    ]
    for key in keys:
        key.last_used_at, key.last_used_from = now - timedelta(hours=3), "203.0.113.9"
        key.expires_at = now + timedelta(days=3)
        key.save()
    for key in keys[3::4]:
        key.revoked_at = now
        key.save()
    month = now.date().replace(day=1)
    KeyMonth.objects.bulk_create([KeyMonth(api_key=key, month=month, spent=812) for key in keys])
    Invitation.objects.bulk_create(
        [_invitation(shop, f"guest{number}@example.com", makers[0]) for number in range(count)]
    )
    RemovalRecord.objects.bulk_create(
        [_record(shop, n, keys[n % count], days) for n in range(count * requests_a_key * len(ORIGINS))]
    )
    count_past_days(now)


def join_many(person: Any, count: int) -> None:
    """Let the person belong to so many organizations more."""
    others = [make_organization(f"Another {number}", credits=0) for number in range(count)]
    Membership.objects.bulk_create([Membership(user=person, organization=other, role=Role.MEMBER) for other in others])


def _member(shop: Organization, email: str) -> User:
    """Return a member without a password, whose hash would take a moment each."""
    user = User.objects.create_user(email, None)
    Membership.objects.create(user=user, organization=shop, role=Role.MEMBER)
    return user


def _invitation(shop: Organization, email: str, inviter: Any) -> Invitation:
    return Invitation(
        organization=shop,
        email=email,
        role=Role.MEMBER,
        invited_by=inviter,
        digest=f"{email:0<64}"[:64],
        sent_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=5),
    )


def _record(shop: Organization, number: int, key: Any, days: int) -> RemovalRecord:
    status, origin = STATUSES[number % len(STATUSES)], ORIGINS[number // len(STATUSES) % len(ORIGINS)]
    return RemovalRecord(
        organization=shop,
        api_key=key if origin == Origin.API else None,
        origin=origin,
        request_id=f"req_{number:032x}",
        created=timezone.now() - timedelta(days=number % days, minutes=number % 600),
        status=status,
        code="" if status == 200 else "validation_error",
        credits_charged=int(status == 200),
        input_bytes=2_000_000,
        input_width=4000,
        input_height=3000,
        output_bytes=3_000_000,
        model="isnet-general-use",
        quality="standard",
        took_ms=1000 + 13 * number,
    )
