"""POST /try/remove: what POST /v1/remove does, for people with a session instead of programs with a key."""

from abc import ABC
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.abilities import Ability, can
from accounts.current_organization import OTHER_WINDOW, is_for_another_organization
from accounts.errors import AuthenticationError, PermissionRefused
from accounts.models import Membership, Organization, User
from processing.api import throttling
from processing.api.removal_view import RemovalView, refuse_early
from processing.api.v1 import RemoveBackground
from processing.models import Origin
from processing.playground.downloading import AsDownload
from processing.playground.forgery import refuse_forged
from processing.services import RemovalRequest


class LoggedOut(AuthenticationError):
    """The session has ended."""

    def __init__(self) -> None:
        super().__init__(_("You are logged out. Log in again, then try again."))


class OtherWindow(PermissionRefused):
    """The page was shown for another organization than the one the person works in by now."""

    def __init__(self, organization: Organization) -> None:
        super().__init__(_(OTHER_WINDOW) % {"organization": organization.name})


class MayUse(BasePermission):
    """Lets people through who may cut out images in the organization they work in, while it is not suspended."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True, or raise PermissionRefused."""
        membership: Membership | None = getattr(view, "membership", None)
        if membership is None:
            raise PermissionRefused(_("You do not belong to an organization yet."))
        if membership.organization.is_suspended:
            raise PermissionRefused(_("This organization is suspended."))
        if not can(membership.role, Ability.USE):
            raise PermissionRefused(_("Your role does not allow this. Ask an owner of your organization."))
        return True


class ForPeople(RemovalView, ABC):
    """A dialect's cutouts behind a session: counted by the plan for all people of the organization together."""

    authentication_classes = ()
    permission_classes = (MayUse,)
    schema = None
    origin = Origin.PLAYGROUND
    ability = Ability.USE
    membership: Membership | None = None

    @property
    def organization(self) -> Organization:
        """The organization that the person works in."""
        if self.membership is None:
            raise LoggedOut
        return self.membership.organization

    @property
    def person(self) -> User | None:
        """Who is logged in."""
        return None if self.membership is None else self.membership.user

    @property
    def is_known(self) -> bool:
        """Whether we know by now who asks."""
        return self.membership is not None

    def perform_authentication(self, request: Request) -> None:
        """Find the person, and make sure that a page of ours sent this; the body stays unread."""
        if not request._request.user.is_authenticated:
            raise LoggedOut
        self.refuse_forged(request)
        found: Any = getattr(request._request, "membership", None)
        self.membership = found or None

    def refuse_forged(self, request: Request) -> None:
        """Raise PageTooOld for a request that no page of ours has made; never read the body."""
        refuse_forged(request)

    def check_throttles(self, request: Request) -> None:
        """Count the picture against the plan's rate, with the calls of everybody and every key of the organization."""
        throttling.count_organization(request, self.organization, self.account.plan)

    def read_request(self, request: Request) -> RemovalRequest:
        """Return what was asked; raise OtherWindow where the page was shown for another organization."""
        limits = {"max_body_bytes": settings.MAX_BODY_BYTES, "max_image_bytes": settings.MAX_IMAGE_BYTES}
        refuse_early(request, **limits, owner=f"person {request._request.user.pk}")
        self.refuse_forged_body(request)
        if is_for_another_organization(request._request):
            raise OtherWindow(self.organization)
        asked: RemovalRequest = super().read_request(request)  # type: ignore[safe-super]  # a dialect stands behind
        return asked

    def refuse_forged_body(self, request: Request) -> None:
        """Check what only the body shows: nothing, where a header holds the token."""


class RemoveForPeople(ForPeople, RemoveBackground):
    """POST an image from a page, get it back without its background."""


class DownloadForPeople(AsDownload, RemoveForPeople):
    """The same for a plain form: the answer is a file to keep, or a page that says why there is none."""

    page = "try"
