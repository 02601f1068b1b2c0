"""The page of auto-recharge: see it, agree to it, save a card, pay where the bank wants the person, end it."""

import re
import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, requires
from accounts.errors import ServiceError
from accounts.visiting import leads_to
from billing import recharge_confirming, recharge_switch, saved_cards, stripe_gateway
from billing.errors import CardRefused
from billing.order_models import OrderState
from billing.recharge_forms import RechargeForm
from billing.recharge_overview import overview_of, waiting_for_person

PAGE = "billing-recharge"
_SESSION = re.compile(r"cs_[A-Za-z0-9_]{1,250}")


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def page(request: PersonRequest) -> HttpResponse:
    """Show where auto-recharge stands; whoever comes back from Stripe or a bank brings news along."""
    if "saved" in request.GET:
        return _back_with_a_card(request, request.GET["saved"])
    if "back" in request.GET:
        return _back_from_the_bank(request)
    return _show(request)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to(PAGE)
def choose(request: PersonRequest) -> HttpResponse:
    """Keep what was agreed to; then it is on, or a card is saved on Stripe's page first."""
    if not stripe_gateway.is_configured():
        return redirect(PAGE)  # which says how it is
    organization = request.membership.organization
    card = recharge_switch.card_of(organization)
    form = RechargeForm(request.POST, now=None, card=card)
    if not form.is_valid():
        return _show(request, form=form)
    try:
        consent = recharge_switch.record_consent(
            organization, form.terms, actor=request.user, click_token=form.cleaned_data["token"]
        )
        if card is None or form.cleaned_data.get("other_card"):
            return HttpResponseRedirect(saved_cards.open_page(consent, request.user), status=303)
    except ServiceError as error:
        return _refuse(request, error, form=form)
    if recharge_switch.turn_on(consent):
        messages.success(request, _("Auto-recharge is on."))
    else:  # the button of a page from before it was turned off, or stopped
        messages.error(request, _("This purchase was begun too long ago. Reload the page and choose again."))
    return redirect(PAGE)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to(PAGE)
def turn_off(request: PersonRequest) -> HttpResponse:
    """End it; the card stays."""
    if recharge_switch.turn_off(request.membership.organization):
        messages.success(request, _("Auto-recharge is off."))
    return redirect(PAGE)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to(PAGE)
def remove_card(request: PersonRequest) -> HttpResponse:
    """Forget the card, which ends it, too."""
    saved_cards.remove(request.membership.organization)
    messages.success(request, _("The card was removed. Auto-recharge is off."))
    return redirect(PAGE)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to(PAGE)
def confirm(request: PersonRequest) -> HttpResponse:
    """Lead to the bank that wants to see the person, or say how it went."""
    organization = request.membership.organization
    order = waiting_for_person(organization)
    if order is None or recharge_switch.card_of(organization) is None:
        return redirect(PAGE)  # a card that was removed pays nothing; the payment is given up by and by
    try:
        url = recharge_confirming.confirm(order, click_token=_token_of(request))
    except CardRefused as refusal:
        messages.error(request, _(refusal.public_text))
        return redirect(PAGE)
    except ServiceError as error:
        return _refuse(request, error)
    if url is not None:
        return HttpResponseRedirect(url, status=303)
    return redirect(PAGE)


def _back_with_a_card(request: PersonRequest, session_id: str) -> HttpResponse:
    organization = request.membership.organization
    if not _SESSION.fullmatch(session_id):
        return redirect(PAGE)  # nothing that Stripe ever wrote: asking about it would look like a fault of ours
    try:
        card = saved_cards.note_page(session_id, organization)
    except ServiceError:
        messages.info(request, _("We have not heard of your card yet. Reload this page in a minute."))
        return _show(request)  # a reload has to ask again
    if card is not None and card.removed_at is None and recharge_switch.is_on(organization):
        messages.success(request, _("The card was saved. Auto-recharge is on."))
    return redirect(PAGE)


def _back_from_the_bank(request: PersonRequest) -> HttpResponse:
    order = waiting_for_person(request.membership.organization)
    if order is not None and str(order.public_id) == request.GET["back"]:
        try:
            recharge_confirming.look_after(order)
        except ServiceError:
            messages.info(request, _("We have not heard from the bank yet. Reload this page in a minute."))
            return _show(request)
        order.refresh_from_db(fields=["state"])
        if order.state == OrderState.PENDING:
            messages.warning(request, _("The payment was not confirmed. Nothing was charged."))
    return redirect(PAGE)


def _refuse(request: PersonRequest, error: ServiceError, *, form: RechargeForm | None = None) -> HttpResponse:
    messages.error(request, _(error.public_text))
    answer = _show(request, form=form, status=error.status)
    if error.retry_after_s is not None:
        answer["Retry-After"] = str(error.retry_after_s)
    return answer


def _show(request: PersonRequest, *, form: RechargeForm | None = None, status: int = 200) -> HttpResponse:
    overview = overview_of(request.membership.organization, timezone.now())
    if form is None:
        form = RechargeForm(now=overview.recharge.consent if overview.recharge else None, card=overview.card)
    context = {
        "tab": "billing",
        "billing_tab": "recharge",
        "overview": overview,
        "form": form,
        "may_spend": can(request.membership.role, Ability.SPEND_MONEY),
        "token": uuid.uuid4(),
    }
    return render(request, "billing/recharge.html", context, status=status)


def _token_of(request: PersonRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid.uuid4()
