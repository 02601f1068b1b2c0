"""People who exist already, logged in without the log-in page."""

import json

from playwright.sync_api import Page

from tests.live.server import LiveServer

ENTER = """
import json, time
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import Membership, Organization, User
from accounts.vouching import vouch_for
from billing.opening import open_organization
from billing.models import Plan

user = User.objects.filter(email={email!r}).first()
if user is None:
    user = User.objects.create_user({email!r}, "correct horse battery staple")
    vouch_for(user)
organization = Organization.objects.filter(name={organization!r}).first()
if organization is None:
    plan = Plan.objects.get(slug="pro")
    organization = open_organization({organization!r}, credits={credits}, plan=plan).organization
Membership.objects.get_or_create(user=user, organization=organization, defaults={{"role": {role!r}}})
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session["account_authentication_methods"] = [
    {{"method": "password", "at": time.time(), "email": user.email}}
]
session.create()
print(json.dumps({{"cookie": session.session_key}}))
"""


def enter(
    page: Page,
    site: LiveServer,
    *,
    email: str = "alice@example.com",
    organization: str = "Alice's shop",
    role: str = "owner",
    credits: int = 100,
) -> None:
    """Log the page's person in, who is made with their organization where they do not exist."""
    words = ENTER.format(email=email, organization=organization, role=role, credits=credits)
    cookie = json.loads(site.manage("shell", "-v", "0", "-c", words))["cookie"]
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.url}])
