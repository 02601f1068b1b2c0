"""A slow limit: after WRONG_PASSWORDS_PER_DAY an account takes no password until the next day (UTC).

It counts all addresses together, and unknown accounts like known ones, so that the limit does not tell which exist.
Codes by mail, passkeys and accounts elsewhere still work. Codes of a second factor have a limit of the same size.
"""

import logging
from datetime import date, datetime, timedelta

from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils import timezone

from accounts import mails
from accounts.models import User
from accounts.security_log import keyed_hash
from accounts.security_models import WrongPasswords

logger = logging.getLogger(__name__)

WRONG_PASSWORDS_PER_DAY = 100
MAIL_AFTER = 10
"""Wrong passwords in a day after which the person gets a mail, once that day."""
_MAILS_PER_RUN = 50


def find_user(email: str) -> User | None:
    """Return the person who logs in with this address, as allauth chooses them."""
    found: list[User] = filter_users_by_email(email, prefer_verified=True, for_login=True)
    return found[0] if found else None


def reserve_attempt(email: str) -> WrongPasswords | None:
    """Count an attempt as wrong before the password is checked; return None if today's limit is reached."""
    user = find_user(email)
    return _reserve(_key_of_account(user, email), user)


def reserve_code(user: User) -> WrongPasswords | None:
    """Count a code of an app or a recovery code in the same way, apart from passwords and without a mail."""
    return _reserve(keyed_hash(f"code:{user.pk}"), None)


def _reserve(account_key: str, user: User | None) -> WrongPasswords | None:
    row, _created = WrongPasswords.objects.get_or_create(
        account_key=account_key, day=timezone.now().date(), defaults={"user": user}
    )
    below = WrongPasswords.objects.filter(pk=row.pk, count__lt=WRONG_PASSWORDS_PER_DAY)
    return row if below.update(count=F("count") + 1) else None


def cancel_attempt(attempt: WrongPasswords) -> None:
    """Take back a reserved attempt, because it was right or was not checked."""
    WrongPasswords.objects.filter(pk=attempt.pk, count__gt=0).update(count=F("count") - 1)


def forget(user: User) -> None:
    """Open log-in by password again, after the person chose a new one with a code from their mailbox."""
    WrongPasswords.objects.filter(user=user, day=timezone.now().date()).update(count=0)


def delete_expired(now: datetime) -> int:
    """Delete the counts of days before yesterday; return how many."""
    deleted, _by_model = WrongPasswords.objects.filter(day__lt=_yesterday(now)).delete()
    return deleted


def send_mails(now: datetime) -> int:
    """Mail the people whose accounts got many wrong passwords; return how many mails were sent."""
    due = WrongPasswords.objects.filter(
        day__gte=_yesterday(now), count__gte=MAIL_AFTER, mailed_at=None, user__is_active=True
    )
    verified = EmailAddress.objects.filter(user=OuterRef("user"), email__iexact=OuterRef("user__email"), verified=True)
    rows = due.filter(Exists(verified)).select_related("user").order_by("pk")
    return sum(_mail(row, now) for row in rows[:_MAILS_PER_RUN])


def _mail(row: WrongPasswords, now: datetime) -> bool:
    """Claim the row, so that one process sends the mail; release it if the mail server refuses."""
    if row.user is None or not WrongPasswords.objects.filter(pk=row.pk, mailed_at=None).update(mailed_at=now):
        return False
    context = {
        "user": row.user,
        "count": row.count,
        "limit": WRONG_PASSWORDS_PER_DAY,
        "reset_url": settings.PUBLIC_URL + reverse("account_reset_password"),
    }
    try:
        mails.send(mails.render("account/email/wrong_passwords", row.user.email, context))
    except mails.MailNotSent:  # logged there; tried again at the next run
        WrongPasswords.objects.filter(pk=row.pk, mailed_at=now).update(mailed_at=None)
        return False
    logger.info("wrong_passwords_mailed", extra={"user_id": row.user.pk, "count": row.count})
    return True


def _key_of_account(user: User | None, email: str) -> str:
    return keyed_hash(f"user:{user.pk}" if user else f"email:{email.strip().lower()}")


def _yesterday(now: datetime) -> date:
    return now.date() - timedelta(days=1)
