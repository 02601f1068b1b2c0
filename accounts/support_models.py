"""What operators did to organizations and people, and why: rows that stay as they were written."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q


class RowsArePermanent(Exception):
    """Code tried to change or delete what was written down for ever."""


class PermanentQuerySet(models.QuerySet[Any]):
    """Rows can be read and added; what may move moves by `update`, which the database holds to that."""

    def delete(self) -> NoReturn:
        """Refuse."""
        raise RowsArePermanent

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise RowsArePermanent


class PermanentRow(models.Model):
    """A row that is added and then stays; triggers repeat that in the database (billing/append_only.py)."""

    reason = models.CharField(max_length=500)
    created = models.DateTimeField(auto_now_add=True)

    objects = PermanentQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; refuse to change a stored one."""
        if not self._state.adding:
            raise RowsArePermanent
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise RowsArePermanent


class SupportVisit(PermanentRow):
    """One operator looked at the site as one person saw it, for a reason."""

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits_made")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits_received")
    expires_at = models.DateTimeField(help_text="It ends by itself then.")
    ended_at = models.DateTimeField(
        null=True, help_text="When the operator left; empty: not before it ended by itself."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="accounts_visit_has_reason")]

    def __str__(self) -> str:
        return f"{self.operator} as {self.person}"


class Suspension(PermanentRow):
    """An organization was suspended, or let go on, by somebody and for a reason."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="suspensions")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    suspends = models.BooleanField(help_text="Off: it was let go on.")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="accounts_suspension_has_reason")]

    def __str__(self) -> str:
        return f"{self.organization} {'suspended' if self.suspends else 'let go on'}"
