"""What operators do to end a person's access: sessions, API keys they made, the address they log in with."""

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import mails
from accounts.models import ApiKey, User
from accounts.security_log import record
from accounts.security_models import Event
from accounts.vouching import vouch_for


def end_sessions(person: User, *, keep: str | None = None) -> int:
    """Log the person out everywhere but in the session with the key `keep`; return how many sessions ended."""
    sessions = list(UserSession.objects.filter(user=person).exclude(session_key=keep or ""))
    for session in sessions:
        session.end()
    record(Event.SESSIONS_ENDED, user=person, request=None)
    return len(sessions)


def find_active_keys(person: User) -> QuerySet[ApiKey]:
    """Return the API keys that the person made and that are not revoked, by organization and name."""
    made = ApiKey.objects.filter(created_by=person, revoked_at=None).exclude(expires_at__lte=timezone.now())
    return made.select_related("organization").order_by("organization__name", "name", "pk")


@transaction.atomic
def revoke_keys(person: User) -> int:
    """Revoke every API key that the person made, in all organizations; return how many."""
    revoked = ApiKey.objects.filter(created_by=person, revoked_at=None).update(revoked_at=timezone.now())
    record(Event.KEYS_REVOKED, user=person, request=None)
    return revoked


@transaction.atomic
def replace_addresses(person: User, *, keep: str | None = None) -> None:
    """Make `person.email` their only address, verified, and end their sessions except `keep`."""
    EmailAddress.objects.filter(user=person).exclude(email=person.email.lower()).delete()
    vouch_for(person)
    end_sessions(person, keep=keep)
    record(Event.EMAIL_CHANGED, user=person, request=None)


def mail_new_address(person: User, old: str) -> list[str]:
    """Tell the old and the new address about the change; return the addresses that could not be reached."""
    failed = []
    for address in dict.fromkeys((old.lower(), person.email.lower())):
        context = {"user": person, "from_email": old, "to_email": person.email}
        try:
            mails.send(mails.render("account/email/changed_by_operator", address, context))
        except mails.MailNotSent:
            failed.append(address)
    return failed
