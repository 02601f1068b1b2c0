"""What every API view shares: who calls, whether they may, how often - in that order, before the body is read."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiKeyAuthentication
from accounts.errors import AddressRefused, AuthenticationError, MissingApiKey
from accounts.models import ApiKey, Organization
from billing.models import CreditAccount
from billing.selectors import account_of
from processing.api import throttling
from processing.api.json_body import JsonRenderer


class IgnoreAccept(DefaultContentNegotiation):
    """Answers have one shape each, whatever Accept says: `Accept: image/png` must not be a 406."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A view behind an API key, with the rate limit's numbers on each of its answers."""

    authentication_classes: tuple[type[ApiKeyAuthentication], ...] = (ApiKeyAuthentication,)
    content_negotiation_class = IgnoreAccept
    metadata_class = None
    is_rate_limited = True
    caller: ApiKey | None = None

    @property
    def api_key(self) -> ApiKey:
        """The key that calls; only for what runs after authentication."""
        if self.caller is None:
            raise AuthenticationError
        return self.caller

    @property
    def organization(self) -> Organization:
        """Whose credits and whose rate this counts against."""
        return self.api_key.organization

    @property
    def is_known(self) -> bool:
        """Whether we know by now who calls."""
        return self.caller is not None

    @property
    def account(self) -> CreditAccount:
        """The credit account, with its plan, of the organization that calls."""
        if not hasattr(self, "_account"):
            self._account = account_of(self.organization)
        return self._account

    def perform_authentication(self, request: Request) -> None:
        """Find the key, or count the stranger and refuse; who shows a key from outside its networks is one, too."""
        try:
            super().perform_authentication(request)
            if not isinstance(request.auth, ApiKey):
                raise MissingApiKey
            self.caller = request.auth
        except (AuthenticationError, AddressRefused):
            throttling.count_stranger(request)
            raise

    def check_throttles(self, request: Request) -> None:
        """Count the request against the plan's rate, or only look where the call is exempt."""
        count = throttling.count_key if self.is_rate_limited else throttling.peek_key
        count(request, self.api_key, self.account.plan)

    def finalize_response(  # type: ignore[override]  # DRF takes and gives any HttpResponse
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the rate limit's numbers."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        for name, value in throttling.rate_headers(request._request).items():
            response[name] = value
        return response


class NoSuchEndpoint(ApiView):
    """Any other address below a dialect's: 404 for everybody, counted by address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None
    renderer_classes = (JsonRenderer,)

    def perform_authentication(self, request: Request) -> None:
        """Nobody needs a key to be told that there is nothing here."""

    def check_throttles(self, request: Request) -> None:
        """Count the caller's address."""
        throttling.count_stranger(request)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Say 404 whatever the method."""
        raise Http404
