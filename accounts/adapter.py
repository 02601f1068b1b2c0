"""What allauth asks us: who calls from where, who may sign up, and how a mail of ours looks."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.addresses import rate_limit_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth on our terms."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether strangers may sign up; who was invited always may."""
        return settings.SIGNUP_OPEN or "invitation" in request.session

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that rates are counted by: the proxies' word counts as far as TRUSTED_PROXIES says."""
        return rate_limit_address(request)

    def render_mail(self, template_prefix: str, email: str, context: dict[str, Any], headers: Any = None) -> Any:
        """Return the mail in text, and the same words in HTML beside it."""
        mail = super().render_mail(template_prefix, email, context, headers)
        if isinstance(mail, EmailMultiAlternatives) and not mail.alternatives:
            html = render_to_string(
                "emails/message.html", {**self._brand(), "subject": mail.subject, "text": mail.body, "email": email}
            )
            mail.attach_alternative(html, "text/html")
        return mail

    def _brand(self) -> dict[str, str]:
        return {
            "product_name": settings.PRODUCT_NAME,
            "public_url": settings.PUBLIC_URL,
            "support_email": settings.SUPPORT_EMAIL,
        }
