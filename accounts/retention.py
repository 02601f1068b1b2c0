"""What is deleted after a time: sessions that are over and where they came from, and old invitations."""

from datetime import datetime, timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.models import Invitation


def delete_old_traces(now: datetime) -> int:
    """Delete rows about sessions that are over, and invitations past their time; return how many rows were deleted."""
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    ended = UserSession.objects.exclude(session_key__in=live)
    last_kept = now - timedelta(days=settings.INVITATIONS_KEPT_DAYS)
    old = Invitation.objects.filter(expires_at__lt=last_kept)
    return sum(rows.delete()[0] for rows in (ended, old))


def clear_expired_sessions(now: datetime) -> None:
    """Delete sessions past their time, also those of people who never logged in."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
