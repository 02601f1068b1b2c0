"""Mails of ours: written once, in text; the HTML beside it has the same words, one column, one button at most."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.addresses import client_address
from accounts.errors import ServiceError
from accounts.languages import language_of_mail
from accounts.names import in_one_line

logger = logging.getLogger(__name__)

LONGEST_BROWSER = 120
_BUTTON = re.compile(r"(?P<words>[^\n]+):\n(?P<url>https?://\S+)")
_CODE = re.compile(r"[A-Z0-9]{3,5}(-[A-Z0-9]{3,5}){1,2}")


class MailNotSent(ServiceError):
    """The mail server is away, hangs (EMAIL_TIMEOUT), or does not take this mail."""

    code, status = "service_unavailable", 503

    def __init__(self, to: str) -> None:
        super().__init__(
            _("The mail to %(email)s could not be sent just now. Wait a few minutes, then ask for it again.")
            % {"email": to}
        )


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of a mail: plain words, a code to type in, or the button, which has an address."""

    text: str
    is_code: bool = False
    url: str = ""


def render(
    template_prefix: str, to: str, context: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """Return the mail that `<prefix>_subject.txt` and `<prefix>_message.txt` say, in the language of who gets it."""
    with translation.override(language_of_mail(to, context)):
        return _render(template_prefix, to, context, headers or {})


def _render(
    template_prefix: str, to: str, context: Mapping[str, Any], headers: Mapping[str, str]
) -> EmailMultiAlternatives:
    known = {**brand(), "email": to, **context}
    subject = " ".join(render_to_string(f"{template_prefix}_subject.txt", known).split())
    text = _tidied(render_to_string(f"{template_prefix}_message.txt", known))
    mail = EmailMultiAlternatives(
        subject,
        text,
        settings.DEFAULT_FROM_EMAIL,
        [to],
        headers={"Auto-Submitted": "auto-generated", "Content-Language": translation.get_language(), **headers},
    )
    html = render_to_string("emails/message.html", {**known, "subject": subject, "blocks": blocks_of(text)})
    mail.attach_alternative(html, "text/html")
    return mail


def send(mail: EmailMessage) -> None:
    """Hand the mail to the mail server; raise MailNotSent where that fails, whose reason is in the log."""
    try:
        mail.send()
    except OSError as error:  # smtplib's own errors are among them
        # Never the error's words: a mail server's answer may name the person.
        logger.warning("mail_not_sent", extra={"error": type(error).__name__})
        raise MailNotSent(mail.to[0]) from error


def connect_only(to: str) -> None:
    """Open and close a connection to the mail server, and send nothing; raise MailNotSent if that fails.

    For addresses without an account: the answer and its time are those of a mail that is sent.
    """
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except OSError as error:
        logger.warning("mail_not_sent", extra={"error": type(error).__name__})
        raise MailNotSent(to) from error


def blocks_of(text: str) -> list[Block]:
    """Return a mail's paragraphs. The first of the form "words: address", an address of this server, is its button."""
    blocks: list[Block] = []
    for paragraph in text.split("\n\n"):
        button = _BUTTON.fullmatch(paragraph)
        if button and _is_ours(button["url"]) and not any(block.url for block in blocks):
            blocks.append(Block(button["words"].strip(), url=button["url"]))
        else:
            blocks.append(Block(paragraph, is_code=_CODE.fullmatch(paragraph) is not None))
    return blocks


def _is_ours(url: str) -> bool:
    return url.startswith(f"{settings.PUBLIC_URL}/")


def brand() -> dict[str, str]:
    """Return whose mails these are."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "public_url": settings.PUBLIC_URL,
        "support_email": settings.SUPPORT_EMAIL,
    }


def cause_of(request: HttpRequest | None) -> dict[str, Any]:
    """Return from where and when a mail was caused; nothing where no request did."""
    if request is None:
        return {}
    return {
        "cause_address": client_address(request),
        "cause_browser": in_one_line(request.META.get("HTTP_USER_AGENT", ""))[:LONGEST_BROWSER],
        "cause_time": timezone.now(),
    }


def _tidied(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
