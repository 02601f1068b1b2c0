"""Pages, stylesheets, scripts and drawings go out compressed; pictures and the answers of the API as they are."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from removebg.body_paths import PATHS_WITH_LIMITS

TEXTS = (
    "text/html",
    "text/css",
    "text/csv",
    "text/javascript",
    "text/plain",
    "image/svg+xml",
    "application/json",
    "application/xml",
)

# Where a secret stands that stays the same from one visit to the next: how well it is compressed would tell whoever can
# put guesses beside it (BREACH). Forms' tokens are masked anew each time, and a key is in one answer only.
LASTING_SECRETS = ("/account/2fa/",)


class CompressedTexts(GZipMiddleware):
    """Django's gzip, which blurs each length by up to a hundred bytes, for what is text and no answer of the API."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress the answer where that is safe and worth it."""
        is_text = response.get("Content-Type", "").split(";")[0] in TEXTS
        is_part = response.status_code == 206
        if not is_text or is_part or request.path_info.startswith((*PATHS_WITH_LIMITS, *LASTING_SECRETS)):
            return response
        return super().process_response(request, response)
