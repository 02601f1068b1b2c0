"""Everything we hold about a person, in a form that they can take along. Secrets and other people are not in it."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from accounts.erasing import addresses_of
from accounts.models import ApiKey, Invitation, Membership, User
from accounts.security_models import SecurityEvent, WrongPasswords
from accounts.support_models import SupportVisit, Suspension
from billing.free_credit_models import FreeCreditRequest
from billing.free_usage_models import DailyFreeUsage
from billing.models import LedgerEntry
from billing.order_models import Order, StripeCustomer
from billing.recharge_models import RechargeConsent
from billing.refund_models import RefundRequest
from billing.subscription_models import PlanChange, Subscription


def data_of(user: User) -> dict[str, Any]:
    """Return what the database knows about this person; what belongs to their organizations stays there."""
    return {
        "made_at": timezone.now(),
        "person": _facts_of(user),
        "organizations": _organizations_of(user),
        **_ways_in_of(user),
        **_invitations_of(user),
        **_purchases_of(user),
        **_copies_of_addresses_of(user),
        **_work_as_an_operator_of(user),
        "free_calls": _rows(DailyFreeUsage.objects.filter(person=user), "day", "replays", "tests", "late", "refused"),
    }


def _facts_of(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "language": user.language,
        "joined": user.date_joined,
        "last_login": user.last_login,
        "runs_this_server": user.is_staff,
        "has_password": user.has_usable_password(),
    }


def _organizations_of(user: User) -> list[dict[str, Any]]:
    return [
        {
            "id": membership.organization.public_id,
            "name": membership.organization.name,
            "role": membership.role,
            "since": membership.created,
            "closed_at": membership.organization.closed_at,
        }
        for membership in Membership.objects.select_related("organization").filter(user=user).order_by("pk")
    ]


def _ways_in_of(user: User) -> dict[str, Any]:
    return {
        "addresses": _rows(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "second_factors": _rows(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        "connected_accounts": _rows(
            SocialAccount.objects.filter(user=user), "provider", "uid", "date_joined", "last_login", "extra_data"
        ),
        "security_log": _rows(SecurityEvent.objects.filter(user=user), "event", "factor", "created"),
        "wrong_passwords": _rows(WrongPasswords.objects.filter(user=user), "day", "count"),
        "sessions": _rows(UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"),
        "api_keys_made": _rows(
            ApiKey.objects.filter(created_by=user),
            *("organization__name", "name", "prefix", "last_four", "scopes", "created", "expires_at", "revoked_at"),
            *("last_used_at", "last_used_from"),
        ),
    }


def _invitations_of(user: User) -> dict[str, Any]:
    received = Invitation.objects.filter(_has_address_of(user, "email") | Q(accepted_by=user))
    return {
        "invitations_received": _rows(
            received, "organization__name", "email", "role", "sent_at", "expires_at", "accepted_at"
        ),
        "invitations_sent": _rows(
            Invitation.objects.filter(invited_by=user), "organization__name", "role", "sent_at", "accepted_at"
        ),
    }


def _purchases_of(user: User) -> dict[str, Any]:
    return {
        "credits_moved": _rows(
            LedgerEntry.objects.filter(actor=user), "account__organization__name", "kind", "amount", "reason", "created"
        ),
        "orders": _rows(
            Order.objects.filter(actor=user),
            *("organization__name", "public_id", "pack_name", "credits", "amount", "currency", "state", "created"),
        ),
        "recharge_consents": _rows(
            RechargeConsent.objects.filter(actor=user),
            *("organization__name", "text", "version", "threshold", "pack_name", "credits", "expires_after_days"),
            *("amount", "currency", "most_per_month", "created"),
        ),
        "plans_begun": _rows(
            Subscription.objects.filter(actor=user),
            *("organization__name", "public_id", "terms__plan_name", "state", "created"),
        ),
        "free_credits_asked_for": _rows(
            FreeCreditRequest.objects.filter(person=user),
            *("organization__name", "reason", "state", "created", "decided_at"),
        ),
        "plans_changed": _rows(PlanChange.objects.filter(actor=user), "public_id", "kind", "state", "created"),
    }


def _copies_of_addresses_of(user: User) -> dict[str, Any]:
    """Return where else their addresses were written down: the customers at Stripe, and the log of the admin."""
    mentions = _has_address_of(user, "object_repr", lookup="icontains")
    mentions |= _has_address_of(user, "change_message", lookup="icontains")
    return {
        "customers_at_stripe": _rows(
            StripeCustomer.objects.filter(_has_address_of(user, "email")),
            *("organization__name", "email", "customer_id", "livemode", "created"),
        ),
        "mentioned_in_the_admin": _rows(
            LogEntry.objects.filter(mentions), "action_time", "object_repr", "change_message"
        ),
    }


def _has_address_of(user: User, field: str, *, lookup: str = "iexact") -> Q:
    """Return the condition that a field is, or contains, an address of the person's."""
    found = Q(pk__in=[])
    for address in addresses_of(user):
        found |= Q(**{f"{field}__{lookup}": address})
    return found


def _work_as_an_operator_of(user: User) -> dict[str, Any]:
    """Return what they did as an operator, and who looked at their pages as one."""
    return {
        "visits_by_operators": _rows(_visits_of(user), "was_the_operator", "reason", "created", "ended_at"),
        "suspensions_made": _rows(
            Suspension.objects.filter(actor=user), "organization__name", "suspends", "reason", "created"
        ),
        "refunds_asked_for": _rows(
            RefundRequest.objects.filter(actor=user),
            *("order__public_id", "invoice__invoice_id", "amount", "reason", "state", "created"),
        ),
        "done_in_the_admin": _rows(LogEntry.objects.filter(user=user), "action_time", "object_repr", "change_message"),
    }


def _visits_of(user: User) -> QuerySet[Any]:
    """Return the visits to this person, and those that they made themselves as an operator."""
    theirs = SupportVisit.objects.filter(Q(person=user) | Q(operator=user))
    visits: QuerySet[Any] = theirs.annotate(
        was_the_operator=ExpressionWrapper(Q(operator=user), output_field=BooleanField())
    )
    return visits


def _rows(found: Any, *fields: str) -> list[dict[str, Any]]:
    return [
        {
            name.replace("__name", "").replace("account__", "").replace("terms__", ""): value
            for name, value in row.items()
        }
        for row in found.order_by("pk").values(*fields)
    ]
