"""Free credits for a new person's first organization: once for each mailbox, within daily budgets."""

import hashlib
import hmac
from enum import StrEnum

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.closing import organization_closed, person_deleted
from accounts.models import Organization, User
from billing import free_credit_budgets, ledger, reasons
from billing.errors import LedgerBroken
from billing.free_credit_budgets import BudgetUsedUp, Subjects
from billing.free_credit_models import FreeCreditRequest, RequestState, WaitReason
from billing.mail_domains import mailbox_of
from billing.models import EntryKind, LedgerEntry

REFERENCE = "welcome:"


class Outcome(StrEnum):
    """What became of the free credits of an organization."""

    GIVEN = "given"
    NOT_OFFERED = "not_offered"
    HAD_THEM = "had_them"
    NEEDS_CARD = "needs_card"
    NEEDS_APPROVAL = "needs_approval"
    BUDGET_USED_UP = "budget_used_up"


WAIT_REASONS = {"card": WaitReason.CARD, "approval": WaitReason.APPROVAL}
OUTCOMES = {
    WaitReason.CARD: Outcome.NEEDS_CARD,
    WaitReason.APPROVAL: Outcome.NEEDS_APPROVAL,
    WaitReason.BUDGET: Outcome.BUDGET_USED_UP,
}


def give_free_credits(organization: Organization, person: User, request: HttpRequest | None = None) -> Outcome:
    """Give FREE_CREDITS to the organization unless this person or their mailbox had them, or write why they wait.

    The budgets count the address of `request`, where there is one.
    """
    ledger.open_account(organization)
    if not settings.FREE_CREDITS or not EmailAddress.objects.filter(user=person, verified=True).exists():
        return Outcome.NOT_OFFERED
    if _had_them(person):
        return Outcome.HAD_THEM
    subjects = free_credit_budgets.subjects_of(person.email, request)
    reason = WAIT_REASONS.get(settings.FREE_CREDITS_REQUIRE)
    if reason is None:
        try:
            return _grant(organization, person, subjects)
        except BudgetUsedUp as refusal:
            free_credit_budgets.report(refusal)
            reason = WaitReason.BUDGET
    return _wait(organization, person, subjects, reason)


def note_card(organization: Organization) -> None:
    """Give the free credits that wait for a saved card or a purchase of the organization, within the budgets."""
    waiting = FreeCreditRequest.objects.filter(
        organization=organization, state=RequestState.WAITING, reason=WaitReason.CARD
    )
    if not settings.FREE_CREDITS or not waiting.exists():
        return
    with transaction.atomic():
        found = _lock_waiting(waiting)
        if found is None:
            return
        try:
            _decide(found, _grant(organization, found.person, found.subjects))
        except BudgetUsedUp as refusal:
            free_credit_budgets.report(refusal)
            FreeCreditRequest.objects.filter(pk=found.pk).update(reason=WaitReason.BUDGET)


def approve(request_id: int, operator: User) -> Outcome | None:
    """Give the free credits of a waiting request without counting budgets; None where it does not wait any more."""
    with transaction.atomic():
        found = _lock_waiting(FreeCreditRequest.objects.filter(pk=request_id, organization__closed_at=None))
        if found is None:
            return None
        outcome = _grant(found.organization, found.person, subjects=None)
        _decide(found, outcome, operator)
        return outcome


def refuse(request_id: int, operator: User) -> bool:
    """Refuse a waiting request; False where it does not wait any more."""
    with transaction.atomic():
        found = _lock_waiting(FreeCreditRequest.objects.filter(pk=request_id))
        if found is not None:
            _decide(found, Outcome.NOT_OFFERED, operator)
        return found is not None


@receiver(organization_closed, dispatch_uid="forget_free_credit_request")
def _forget_with_organization(organization: Organization, **kwargs: object) -> None:
    FreeCreditRequest.objects.filter(organization=organization).delete()


@receiver(person_deleted, dispatch_uid="forget_free_credit_requests")
def _forget_with_person(person: User, **kwargs: object) -> None:
    FreeCreditRequest.objects.filter(person=person).delete()


def _lock_waiting(requests: QuerySet[FreeCreditRequest]) -> FreeCreditRequest | None:
    """Return the waiting request among these, locked after its account, as purchases lock the account first."""
    found = requests.select_related("organization").first()
    if found is None:
        return None
    ledger.lock(ledger.open_account(found.organization).pk)
    locked = FreeCreditRequest.objects.select_for_update(of=("self",)).filter(pk=found.pk, state=RequestState.WAITING)
    return locked.select_related("organization", "person").first()


def _decide(found: FreeCreditRequest, outcome: Outcome, operator: User | None = None) -> None:
    found.state = RequestState.GRANTED if outcome == Outcome.GIVEN else RequestState.REFUSED
    found.decided_by, found.decided_at = operator, timezone.now()
    found.save(update_fields=["state", "decided_by", "decided_at"])


def _wait(organization: Organization, person: User, subjects: Subjects, reason: WaitReason) -> Outcome:
    FreeCreditRequest.objects.get_or_create(
        organization=organization, defaults={"person": person, "subjects": dict(subjects), "reason": reason}
    )
    return OUTCOMES[reason]


def _grant(organization: Organization, person: User, subjects: Subjects | None) -> Outcome:
    """Give the credits once, in one transaction with the budgets; raise BudgetUsedUp, and change nothing."""
    if not settings.FREE_CREDITS:
        return Outcome.NOT_OFFERED
    if _had_them(person):
        return Outcome.HAD_THEM
    try:
        with transaction.atomic():
            if subjects is not None:
                free_credit_budgets.take(subjects, settings.FREE_CREDITS)
            ledger.grant(
                ledger.open_account(organization),
                amount=settings.FREE_CREDITS,
                reference=REFERENCE + _traces_of(person.email)[0],
                reason=reasons.in_english(reasons.FREE_CREDITS),
                actor=person,
            )
    except LedgerBroken:  # another alias of the mailbox was faster
        return Outcome.HAD_THEM
    return Outcome.GIVEN


def _had_them(person: User) -> bool:
    addresses = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    references = [REFERENCE + trace for address in {person.email, *addresses} for trace in _traces_of(address)]
    given = LedgerEntry.objects.filter(
        Q(reference__in=references) | Q(actor=person, reference__startswith=REFERENCE), kind=EntryKind.GRANT
    )
    return given.exists()


def _traces_of(address: str) -> list[str]:
    """Return keyed hashes that recognize a mailbox after its account was deleted: one a SECRET_KEY, newest first."""
    mailbox = mailbox_of(address).encode()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.new(key.encode(), mailbox, hashlib.sha256).hexdigest()[:32] for key in keys]
