"""A mail server that refuses or hangs: nobody sees a crash, nothing waits long, and everything can be done again."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache

from accounts.models import Invitation, Role, User
from tests.accounts.entrance import code_for, log_in, sign_up, verify
from tests.factories import PASSWORD, make_member, make_organization
from tests.live.server import free_port

# Notices go out when what they tell of is stored for good.
pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 0.3
NOT_SENT = "could not be sent just now"


class HangingServer:
    """Takes connections and never says a word."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            while True:
                self._taken.append(self._socket.accept()[0])
        except OSError:
            return

    def stop(self) -> None:
        # A blocked accept() is woken by shutdown, not by close.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for taken in self._taken:
            taken.close()


@pytest.fixture(params=["hangs", "refuses"])
def away(request, settings) -> Iterator[None]:
    cache.clear()
    server = HangingServer() if request.param == "hangs" else None
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port if server else free_port()
    settings.EMAIL_TIMEOUT = PATIENCE_S
    yield
    if server:
        server.stop()


def back_again(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def quick():
    """Fail where the test waited longer for a mail server than it has patience, with room for a busy machine."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 20 * PATIENCE_S


def test_who_signs_up_is_told_and_asks_for_the_code_again(client, away, quick, settings):
    answer = sign_up(client)
    page = client.get(answer["Location"]).content.decode()

    assert (answer.status_code, answer["Location"]) == (302, "/account/confirm-email/")
    assert NOT_SENT in page
    assert "Send a new code" in page
    back_again(settings)
    cache.clear()
    client.post("/account/confirm-email/", {"action": "resend"})
    assert verify(client).status_code == 302
    assert EmailAddress.objects.get(email="nina@example.com").verified


def test_who_left_the_page_logs_in_and_gets_a_code(client, away, settings):
    sign_up(client)
    client.logout()
    back_again(settings)
    cache.clear()

    assert log_in(client, "nina@example.com")["Location"] == "/account/confirm-email/"
    assert code_for("nina@example.com")


@pytest.mark.parametrize("path", ["/account/login/code/", "/account/password/reset/"])
@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_a_code_that_was_asked_for_is_told_alike_whether_there_is_an_account(client, away, quick, path, email):
    make_member(make_organization(), "alice@example.com")

    answer = client.post(path, {"email": email})
    page = client.get(answer["Location"]).content.decode()

    assert answer.status_code == 302
    assert NOT_SENT in page


def test_an_invitation_stays_and_is_sent_again(client, away, quick, settings):
    shop = make_organization()
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    page = client.post("/people/invite/", {"email": "nina@example.com", "role": "member"}, follow=True)
    invitation = Invitation.objects.get(organization=shop)

    assert page.status_code == 200
    assert NOT_SENT in page.content.decode()
    assert f"/people/invitations/{invitation.pk}/resend/" in page.content.decode()
    again = client.post(f"/people/invitations/{invitation.pk}/resend/", follow=True)
    assert NOT_SENT in again.content.decode()
    back_again(settings)
    client.post(f"/people/invitations/{Invitation.objects.get().pk}/resend/")
    assert mail.outbox[-1].to == ["nina@example.com"]


def test_what_a_notice_tells_of_is_done_although_the_notice_is_not_sent(client, away, quick):
    make_member(make_organization(), "alice@example.com")
    log_in(client, "alice@example.com")
    changed = "another horse battery staple"
    fields = {"oldpassword": PASSWORD, "password1": changed, "password2": changed}

    page = client.post("/account/password/change/", fields, follow=True)

    assert page.status_code == 200
    assert User.objects.get(email="alice@example.com").check_password(changed)


def test_the_log_says_why_and_names_nobody(client, away, caplog):
    sign_up(client)

    [line] = [record for record in caplog.records if record.msg == "mail_not_sent"]
    assert line.error in {"TimeoutError", "ConnectionRefusedError", "SMTPServerDisconnected"}
    assert "nina" not in str(vars(line))
