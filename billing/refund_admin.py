"""Giving money back from the page of what was sold: an amount and a reason, a page that asks once more, then Stripe."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from accounts.admin_pages import address_of, ask, find_row, link_to
from accounts.errors import ServiceError
from accounts.look_only import LookOnly
from accounts.models import User
from billing import refunds, stripe_gateway
from billing.errors import StripeUnreachable
from billing.money import show
from billing.operator_forms import RefundForm
from billing.refund_models import RefundRequest, RefundState
from billing.sales import Sale
from billing.subscription_models import PlanInvoice, SubscriptionState

ADD = "billing.add_refundrequest"
LABELS = {"asked": "warning", "taken": "success", "failed": "danger"}
GOES_ON = (SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE)
NO_ANSWER = (
    "Stripe does not answer. What you asked for is written down and nothing is lost: open it among the refunds below "
    "and ask again. It stays one refund, however often it is asked for."
)


class ShownRefunds:
    """How a refund that was asked for is shown."""

    @display(description="state", label=LABELS, ordering="state")
    def shown_state(self, request: RefundRequest) -> tuple[str, str]:
        """Show the state in words."""
        return request.state, request.get_state_display()

    @admin.display(description="amount")
    def money(self, request: RefundRequest) -> str:
        """Show money as people write it."""
        return show(request.amount, request.sale.currency)


class RefundRequestInline(ShownRefunds, LookOnly, TabularInline):  # type: ignore[misc]
    """What was asked to be returned of a sale."""

    model = RefundRequest
    fields = readonly_fields = ("created", "money", "reason", "actor", "state", "error", "refund_id")
    show_change_link = True
    extra = 0


class RefundableSales:
    """The part of a sale's page that returns money."""

    model: type[Any]
    actions_detail: tuple[str, ...] = ("refund",)

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer it where somebody may, Stripe is set up, and something is left to return."""
        if not request.user.has_perm(ADD) or not stripe_gateway.is_configured():
            return False
        sale = find_row(self.model, object_id)
        # While a form lies open somebody else may have returned all of it: the form says so, and not a bare refusal.
        if sale is None or sale.paid_at is None:
            return False
        return request.method == "POST" or refunds.left_of(sale) > 0

    @action(description="Return money", url_path="refund", icon="undo", permissions=["refund"])
    def refund(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take amount and reason; ask once more with the amount in words; then ask Stripe."""
        sale = get_object_or_404(self.model, pk=object_id)
        data = request.POST if request.method == "POST" else None
        form = RefundForm(refunds.left_of(sale), sale.currency, data)
        if data is not None and (known := _known(data.get("token"), sale)):
            messages.info(request, f"{known}: that was asked for already.")
            return HttpResponseRedirect(address_of(sale))
        if not form.is_valid():
            return self._ask_how_much(request, sale, form)
        if "sure" not in request.POST:
            return self._ask_once_more(request, sale, form)
        return self._refund(request, sale, form)

    def _ask_how_much(self, request: HttpRequest, sale: Sale, form: RefundForm) -> HttpResponse:
        words = (f"{sale.organization} paid {show(sale.amount, sale.currency)} for {sale.name}.",)
        title = f"Return money of {sale.name}"
        return ask(self, request, sale, title=title, button="Go on", form=form, words=words)

    def _ask_once_more(self, request: HttpRequest, sale: Sale, form: RefundForm) -> HttpResponse:
        amount = show(form.cleaned_data["amount"], sale.currency)
        words: tuple[str, ...] = (
            f"{amount} go back to {sale.organization}, by the way they paid.",
            "Stripe keeps its fee. The share of the credits is taken back; what was used of them becomes a debt.",
        )
        if isinstance(sale, PlanInvoice) and sale.subscription and sale.subscription.state in GOES_ON:
            words += ("The plan itself goes on, and is paid again next month unless somebody cancels it.",)
        kept = {name: request.POST[name] for name in ("amount", "reason", "token")} | {"sure": "yes"}
        title = button = f"Return {amount}"
        return ask(self, request, sale, title=title, button=button, words=words, kept=kept, takes=True)

    def _refund(self, request: HttpRequest, sale: Sale, form: RefundForm) -> HttpResponse:
        if not isinstance(request.user, User):
            raise PermissionDenied
        wanted = form.cleaned_data
        try:
            asked = refunds.refund(
                sale, amount=wanted["amount"], reason=wanted["reason"], actor=request.user, token=wanted["token"]
            )
        except refunds.CannotBeRefunded as refusal:  # Stripe was not asked
            messages.error(request, str(refusal.public_text))
            return HttpResponseRedirect(address_of(sale))
        except ServiceError as trouble:
            messages.error(request, words_of(trouble, _known(wanted["token"], sale)))
        else:
            say_what_became(request, asked)
        log = f"Asked Stripe to return {show(wanted['amount'], sale.currency)}: {wanted['reason']}"
        self.log_change(request, sale, log)  # type: ignore[attr-defined]
        return HttpResponseRedirect(address_of(sale))


@admin.register(RefundRequest)
class RefundRequestAdmin(ShownRefunds, LookOnly, ModelAdmin):  # type: ignore[misc]
    """Money that operators asked to be returned; what got no answer can be asked for again."""

    list_display = ("created", "of", "money", "shown_state", "reason", "actor")
    list_filter = ("state", "created")
    list_select_related = ("order", "invoice__terms", "actor")
    search_fields = (
        *("refund_id", "public_id", "reason", "order__public_id", "invoice__invoice_id"),
        *("order__organization__name", "invoice__subscription__organization__name"),
    )
    fields = (
        "of",
        "money",
        "reason",
        "actor",
        "state",
        "error",
        "refund_id",
        "public_id",
        "created",
        "settled_at",
    )
    actions_detail = ("ask_again",)

    @admin.display(description="of")
    def of(self, request: RefundRequest) -> str:
        """Lead to what was paid for."""
        return link_to(request.sale)

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer it for what got no answer."""
        may = request.user.has_perm(ADD) and stripe_gateway.is_configured()
        asked = find_row(RefundRequest, object_id) if may else None
        return asked is not None and (request.method == "POST" or asked.state == RefundState.ASKED)

    @action(description="Ask Stripe again", url_path="again", icon="replay", permissions=["again"])
    def ask_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for the same refund again; where Stripe has it already, it stays that one."""
        asked = get_object_or_404(RefundRequest, pk=object_id)
        if request.method == "POST":
            if asked.state == RefundState.ASKED:
                self._send_again(request, asked)
            else:
                say_what_became(request, asked)
            return HttpResponseRedirect(address_of(asked))
        words = (
            f"Stripe did not answer yet. It is asked again for this refund of {self.money(asked)}, not for another.",
        )
        return ask(self, request, asked, title="Ask Stripe again", button="Ask Stripe again", words=words)

    def _send_again(self, request: HttpRequest, asked: RefundRequest) -> None:
        try:
            refunds.send(asked)
        except ServiceError as trouble:
            messages.error(request, words_of(trouble, asked))
        else:
            asked.refresh_from_db()
            say_what_became(request, asked)
        self.log_change(request, asked, "Asked Stripe again.")


def say_what_became(request: HttpRequest, asked: RefundRequest) -> None:
    """Tell the operator where a refund is now."""
    amount = show(asked.amount, asked.sale.currency)
    if asked.state == RefundState.TAKEN:
        messages.success(request, f"{amount} are on their way back. The credits are taken back as well.")
    elif asked.state == RefundState.FAILED:
        messages.error(request, f"{amount} were not returned: {asked.error}")
    else:
        messages.info(request, f"{amount} were asked for already; Stripe has not answered yet. Nothing is asked twice.")


def words_of(trouble: ServiceError, asked: RefundRequest | None) -> str:
    """Return what to tell of a refund that did not go through."""
    if isinstance(trouble, StripeUnreachable):
        return NO_ANSWER
    if asked is not None:
        asked.refresh_from_db()
        if asked.error:
            return f"Stripe does not return it: {asked.error}"
    return str(trouble.public_text)


def _known(token: Any, sale: Sale) -> RefundRequest | None:
    try:
        return refunds.find(sale, token)
    except (ValueError, TypeError, ValidationError):
        return None
