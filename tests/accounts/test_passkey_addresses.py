"""Pages offer passkeys only where browsers allow them, and say why elsewhere."""

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from accounts.models import Role
from accounts.templatetags.passkeys import is_address_for_passkeys
from tests.accounts.entrance import confirm_it_is_you, log_in
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db
WHY = "Passkeys do not work at"


@pytest.fixture(autouse=True)
def any_host(settings):
    cache.clear()
    settings.ALLOWED_HOSTS = ["*"]


@pytest.mark.parametrize(
    ("host", "is_secure", "expected"),
    [
        ("localhost:8000", False, True),
        ("demo.localhost", False, True),
        ("127.0.0.1:8000", False, False),
        ("[::1]:8000", False, False),
        ("192.0.2.7", True, False),
        ("[2001:db8::7]:8443", True, False),
        ("cutouts.example.com", True, True),
        ("cutouts.example.com", False, False),
    ],
)
def test_passkeys_need_a_name_and_https_or_localhost(host, is_secure, expected):
    request = RequestFactory().get("/", secure=is_secure, headers={"host": host})

    assert is_address_for_passkeys(request) is expected


@pytest.mark.parametrize(("host", "works"), [("localhost", True), ("127.0.0.1", False)])
def test_pages_offer_them_or_say_why_not(host, works):
    make_member(make_organization(), "alice@example.com", Role.OWNER)
    client = Client(headers={"host": host})

    log_in_page = client.get("/account/login/").content.decode()
    log_in(client, "alice@example.com")
    confirm_it_is_you(client)
    pages = [client.get(path).content.decode() for path in ("/account/2fa/", "/account/2fa/webauthn/add/")]

    assert ('id="passkey_login"' in log_in_page) is works
    assert [WHY in page for page in pages] == [not works] * 2
    assert ("mfa_webauthn_add" in pages[1]) is works
