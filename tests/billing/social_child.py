"""People who come with an account at Google, as allauth receives them: `python -m tests.billing.social_child`.

A process of its own, because providers are settings that are read at the start; prints what became of it as JSON.
"""

import json

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from allauth.core import context  # noqa: E402
from allauth.socialaccount.adapter import get_adapter  # noqa: E402
from allauth.socialaccount.helpers import complete_social_login  # noqa: E402
from allauth.socialaccount.models import SocialAccount, SocialLogin  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.middleware import AuthenticationMiddleware  # noqa: E402
from django.contrib.messages.middleware import MessageMiddleware  # noqa: E402
from django.contrib.sessions.middleware import SessionMiddleware  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402

from accounts import invitations  # noqa: E402
from accounts.models import Role, User  # noqa: E402
from accounts.security_models import SecurityEvent  # noqa: E402
from tests.factories import PASSWORD, make_member, make_organization  # noqa: E402


def come(email: str, *, verified: bool, secret: str = "") -> HttpResponse:
    """Return how the site receives somebody whom Google calls by this address."""
    request = RequestFactory(SERVER_NAME="localhost").get("/account/google/login/callback/")
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    AuthenticationMiddleware(lambda _: HttpResponse()).process_request(request)
    MessageMiddleware(lambda _: HttpResponse()).process_request(request)
    if secret:
        request.session[invitations.SESSION_KEY] = secret
    return _answer(request, email, verified)


def _answer(request: HttpRequest, email: str, verified: bool) -> HttpResponse:
    with context.request_context(request):
        account = SocialAccount(provider="google", uid=email, extra_data={"email": email})
        addresses = [EmailAddress(email=email, verified=verified, primary=True)]
        google = get_adapter().get_provider(request, "google")
        login = SocialLogin(User(email=email), account, email_addresses=addresses, provider=google)
        return complete_social_login(request, login)


def state_of(email: str) -> list[tuple[str, str, int]] | None:
    """Return the person's organizations with role and credits; None where there is no such person."""
    person = User.objects.filter(email=email).first()
    if person is None:
        return None
    return [
        (membership.organization.name, membership.role, membership.organization.credit_account.balance)
        for membership in person.memberships.select_related("organization__credit_account")
    ]


def main() -> None:
    """Let several people come, and print what they found."""
    client = Client(SERVER_NAME="localhost")
    report = {
        "buttons": client.get("/account/login/").content.decode().count("Continue with"),
        "policy": client.get("/account/login/").headers["Content-Security-Policy"],
    }
    report["landed"] = come("vera@example.com", verified=True)["Location"]
    vera = SecurityEvent.objects.filter(user__email="vera@example.com")
    report["vera's log-in"] = list(vera.values_list("event", "factor"))
    come("una@example.com", verified=False)
    squatter = User.objects.create_user("sue@example.com", PASSWORD)
    EmailAddress.objects.create(user=squatter, email="sue@example.com", verified=False, primary=True)
    report["squatted lands"] = come("sue@example.com", verified=True)["Location"]
    squatter.refresh_from_db()
    report["squatter has a password"] = squatter.has_usable_password()
    shop = make_organization("Alice's shop")
    make_member(shop)
    _invitation, secret = invitations.invite(shop.memberships.get(), email="ivan@example.com", role=Role.MEMBER)
    settings.SIGNUP_OPEN = False
    come("mallory@example.com", verified=True, secret=secret)
    come("stranger@example.com", verified=True)
    come("ivan@example.com", verified=True, secret=secret)
    names = ("vera", "una", "sue", "mallory", "stranger", "ivan")
    print(json.dumps({**report, **{name: state_of(f"{name}@example.com") for name in names}}))


if __name__ == "__main__":
    main()
