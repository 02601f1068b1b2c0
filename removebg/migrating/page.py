"""The page that reads a pasted call. What was pasted is neither kept, nor logged, nor shown again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from removebg.documents.own_key import find_own_key
from removebg.migrating.run_page import run_context
from removebg.migrating.shell import Unreadable
from removebg.migrating.translation import translate

EXAMPLES = (
    'curl -H "X-API-Key: INSERT_YOUR_API_KEY_HERE" -F "image_file=@/path/to/file.jpg" -F "size=auto" '
    "-f https://api.remove.bg/v1.0/removebg -o no-bg.png",
    'curl -X POST https://api.poof.bg/v1/remove -H "x-api-key: YOUR_API_KEY" -F "image_file=@photo.jpg" -o cutout.png',
)


@never_cache
@sensitive_post_parameters("command")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Show the form, and below it what became of the call."""
    context: dict[str, Any] = {"place": "migrate", "examples": EXAMPLES}
    if request.method != "POST":
        return render(request, "docs/migrate.html", context)
    try:
        context["translation"] = translate(request.POST.get("command", ""))
        context["own_key"] = find_own_key(request)
        context |= run_context(request, context["translation"].runnable)
    except Unreadable as fault:
        context["fault"] = str(fault)
    status = 400 if "fault" in context else 200
    return render(request, "docs/migrate.html", context, status=status)
