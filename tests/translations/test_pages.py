"""What pages say comes out of the catalogues: in a language made up for the test, every word of theirs is marked."""

import re
from html.parser import HTMLParser

import pytest

from billing import ledger, reasons, webhooks
from billing.free_credits import give_free_credits
from billing.opening import open_organization
from billing.stripe_objects import read_event
from billing.subscription_models import PlanInvoice
from tests.billing.conftest import selling
from tests.billing.plan_fakes import (
    invoice_of,
    make_plan,
    make_subscription,
    paid_with,
    terms_of,
    upgrade_of,
)
from tests.billing.stripe_fakes import dispute_of, event_about, refund_of
from tests.factories import make_key, make_member, make_staff, make_user
from tests.translations.catalogues import as_mo, brought_up_to
from tests.translations.sources import PLACES, strings_of

__all__ = ["selling"]
pytestmark = pytest.mark.django_db

MADE_UP = "xx"
MARK = "⟦%s⟧"
PUBLIC = (
    *("/", "/pricing/", "/status/", "/privacy/", "/terms/", "/docs/", "/docs/quickstart/", "/docs/api/"),
    *("/docs/api/v1-remove/", "/docs/errors/", "/docs/errors/payment-required", "/docs/migrate/"),
    *("/docs/migrate-from-poof/", "/account/login/", "/account/signup/", "/account/password/reset/", "/nowhere/"),
)
PRIVATE = (
    *("/dashboard/", "/try/", "/keys/", "/keys/new/", "/usage/", "/people/", "/organization/", "/organization/close/"),
    *("/organizations/new/", "/credits/warning/", "/account/email/", "/account/data/", "/account/data/delete/"),
    *("/account/sessions/", "/account/2fa/"),
)
OUR_REASONS = (
    *(
        "Opening credits.",
        "Free credits to start with.",
        "A month of Laptop.",
        "Upgrade to Made up.",
        "Refund of Laptop.",
    ),
    *("The refund of Laptop failed: the money did not arrive.", "The payment of Laptop is disputed."),
    "The dispute about Laptop was won.",
)
NAMES = re.compile(
    r"removebg|remove\.bg|Poof|curl|Python|JavaScript|PNG|JPEG|WebP|OpenAPI|Swagger UI|YAML|JSON|English|Deutsch|"
    r"Español|Français|العربيّة|\bv1(\.0)?\b|\bms\b|rb_\w+|\w+@example\.com|\balice\b|Alice's shop|\b(GET|POST) /\S*|"
    r"PowerShell|x-api-key|image/\w+|application/\S+|multipart/\S+|Default plan|account:read|"
    r"\b(Free|Starter|Pro|Scale|Business|Made up|Laptop|First key|UTC|POST|remove)\b|…\w+"
)
"""The product's, people's, places' and formats': they are the same in every language."""

NOT_OURS = re.compile(r"\bnow\b|\d+\s(?:minutes?|hours?|days?)(?: ago)?|\b[A-Z][a-z]{2,8}\.? \d+, \d{4}")
"""Django's words, which have their own catalogue."""


class Words(HTMLParser):
    """What a page says to people, but for what is marked as English."""

    SILENT = frozenset({"script", "style", "code", "pre", "title", "textarea"})
    VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "path", "rect", "circle", "source"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        is_silent = (bool(self.open) and self.open[-1][1]) or tag in self.SILENT or known.get("lang") == "en"
        if tag not in self.VOID:
            self.open.append((tag, is_silent and tag != "html"))
        if not is_silent:
            self.said += [known[name] for name in ("aria-label", "title", "alt", "placeholder") if known.get(name)]

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not (self.open and self.open[-1][1]):
            self.said.append(data)


def unmarked(html: str) -> list[str]:
    """Return what the page says without a mark around it."""
    words = Words()
    words.feed(html)
    # Together, since a sentence with elements in it comes in parts; from the inside, since a value may be marked, too.
    rest = "\n".join(said.strip() for said in words.said)
    while rest != (outer := re.sub(r"⟦[^⟦⟧]*⟧", "", rest)):
        rest = outer
    rest = NAMES.sub("", NOT_OURS.sub("", rest))
    return [line.strip() for line in rest.splitlines() if re.search(r"[^\W\d_]{2,}", line)]


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """A folder with catalogues in which every string is its own translation, in marks."""
    folder = tmp_path_factory.mktemp("locale")
    for number, place in enumerate(PLACES):
        catalog = brought_up_to(strings_of(place), strings_of(place), "de")
        for message in catalog:
            if message.id:
                forms = message.id if isinstance(message.id, tuple) else (message.id,)
                marked = tuple(MARK % form for form in forms)
                message.string = marked if isinstance(message.id, tuple) else marked[0]
        target = folder / str(number) / MADE_UP / "LC_MESSAGES" / f"{place.domain}.mo"
        target.parent.mkdir(parents=True)
        target.write_bytes(as_mo(catalog))
    return [folder / str(number) for number in range(len(PLACES))]


@pytest.fixture
def marked(client, settings, made_up):
    """A browser that speaks the made-up language."""
    settings.LOCALE_PATHS = made_up
    settings.LANGUAGES = [("en", "English"), (MADE_UP, "Made up")]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = MADE_UP
    return client


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_say_nothing_of_their_own(marked, path):
    assert unmarked(marked.get(path).content.decode()) == []


@pytest.mark.parametrize("path", PRIVATE)
def test_private_pages_say_nothing_of_their_own(marked, path):
    shop = open_organization("Alice's shop", credits=100).organization
    person = make_user("alice@example.com")
    shop.memberships.create(user=person, role="owner")
    make_key(shop)
    marked.force_login(person)

    answer = marked.get(path, follow=True)

    assert answer.status_code == 200
    assert unmarked(answer.content.decode()) == []


@pytest.fixture
def moved(selling):
    """A month of a plan, an upgrade, and money of it that came and went, each as our own code writes it down."""
    shop = open_organization("Alice's shop", credits=100).organization
    owner = make_member(shop, "alice@example.com")
    give_free_credits(shop, owner)
    small, big = terms_of(make_plan("laptop")), terms_of(make_plan("made up", credits=400, amount=3000))
    subscription = make_subscription(shop, small)
    bill, upgrade = invoice_of(subscription), upgrade_of(subscription, small, big)
    for what, thing in (
        ("invoice.paid", bill),
        ("invoice_payment.paid", paid_with(bill)),
        ("invoice.paid", upgrade),
    ):
        webhooks.receive(read_event(event_about(what, thing)))
    month = PlanInvoice.objects.get(invoice_id=bill["id"])
    paid = {"payment_intent": f"pi_{bill['id']}"}
    for what, thing in (
        ("refund.created", refund_of(month, amount=300, **paid)),
        ("refund.failed", refund_of(month, amount=300, status="failed", **paid)),
        ("charge.dispute.created", dispute_of(month, "needs_response", **paid)),
        ("charge.dispute.closed", dispute_of(month, "won", **paid)),
    ):
        webhooks.receive(read_event(event_about(what, thing)))
    return shop, owner


def test_the_statement_says_our_own_reasons_in_the_language_of_the_reader(marked, moved):
    shop, owner = moved
    marked.force_login(owner)
    kinds = list(shop.credit_account.entries.values_list("kind", flat=True))

    assert sorted(kinds) == sorted(
        ["grant", "grant", "plan", "plan", "refund", "refund_back", "dispute", "dispute_won"]
    )
    shown = marked.get("/billing/statement/").content.decode()
    assert unmarked(shown) == []
    for reason in OUR_REASONS:
        assert MARK % reason in shown, reason
    assert MARK[0] not in marked.get("/billing/statement.csv").getvalue().decode()


def test_what_an_operator_typed_stays_as_typed(marked, moved):
    shop, owner = moved
    typed = {"reason": reasons.OPENING, "reference": f"{reasons.BY_HAND}1", "actor": make_staff()}
    ledger.grant(shop.credit_account, amount=1, **typed)
    marked.force_login(owner)

    assert unmarked(marked.get("/billing/statement/").content.decode()) == [reasons.OPENING]
