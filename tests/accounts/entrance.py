"""What a person does at the site's door, through Django's test client: sign up, type in the code, log in."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from tests.factories import PASSWORD


def sign_up(client: Client, email: str = "nina@example.com", **extra: Any) -> Any:
    return client.post("/account/signup/", {"email": email, "password1": PASSWORD, **extra})


def log_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/account/login/", {"login": email, "password": password, **extra})


def code_for(email: str) -> str:
    """Return the code in the newest mail to this address."""
    text = last_mail_to(email).body
    found = re.search(r"^[A-Z0-9]{3,5}(-[A-Z0-9]{3,5})+$", str(text), re.MULTILINE)
    assert found, text
    return found[0]


def last_mail_to(email: str) -> Any:
    mails = [sent for sent in mail.outbox if sent.to == [email]]
    assert mails, f"no mail to {email}, but to {[sent.to for sent in mail.outbox]}"
    return mails[-1]


def verify(client: Client, email: str = "nina@example.com") -> Any:
    return client.post("/account/confirm-email/", {"code": code_for(email)})


def confirm_it_is_you(client: Client, password: str = PASSWORD) -> None:
    """Give the password once more, as allauth asks before what matters."""
    answer = client.post("/account/reauthenticate/", {"password": password, "next": "/account/2fa/"})
    assert answer.status_code == 302, answer.content
