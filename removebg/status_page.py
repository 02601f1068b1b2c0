"""What /readyz knows, in words for people: never a path, a digest or an error's text."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from processing.engine import EngineStatus, engine
from removebg.context import brand
from removebg.database_check import database_check


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that has to work."""

    title: str
    level: str
    """success, warning or danger: how it is shown."""
    state: str
    sentence: str


_MODEL_STATES = {
    "ready": ("success", gettext_lazy("Working"), gettext_lazy("Cutouts are made.")),
    "closed": ("success", gettext_lazy("On call"), gettext_lazy("It is opened by the first call that names it.")),
    "loading": ("warning", gettext_lazy("Starting"), gettext_lazy("It is being opened. Try again in a minute.")),
    "missing": (
        "danger",
        gettext_lazy("Not working"),
        gettext_lazy("Its file is not here yet. The operator has to fetch it."),
    ),
    "altered": (
        "danger",
        gettext_lazy("Not working"),
        gettext_lazy("Its file is damaged. The operator has to fetch it again."),
    ),
    "unusable": (
        "danger",
        gettext_lazy("Not working"),
        gettext_lazy("It cannot be run here. The operator finds the reason in the log."),
    ),
}


@never_cache
@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """Say whether the server can work right now; without a database, on a page that needs none."""
    parts = all_parts()
    levels = {part.level for part in parts}
    context = {
        "place": "status",
        "parts": parts,
        "level": "danger" if "danger" in levels else "warning" if "warning" in levels else "success",
    }
    if database_check.find_problem() is None:
        return render(request, "status.html", {**context, "layout": "docs/base_docs.html"})
    bare = render_to_string("status.html", {**brand(request), **context, "layout": "base_bare.html"})
    return HttpResponse(bare, status=503)


def all_parts() -> list[Part]:
    """Return how the pages, the accounts and each model on offer are."""
    default = engine.status()
    others = [other for name, other in engine.statuses().items() if name != default.model]
    return [
        Part(title=_("Website and API"), level="success", state=_("Working"), sentence=_("This page has answered.")),
        _accounts(),
        _model(default, _("Model %(name)s, used unless a call names another") % {"name": default.model}),
        *(_model(other, _("Model %(name)s") % {"name": other.model}) for other in others),
    ]


def _accounts() -> Part:
    title = _("Accounts, keys and credits")
    if database_check.find_problem() is None:
        return Part(title=title, level="success", state=_("Working"), sentence=_("The database answers."))
    sentence = _("The database does not answer. Calls are refused and nothing is charged.")
    return Part(title=title, level="danger", state=_("Not working"), sentence=sentence)


def _model(status: EngineStatus, title: str) -> Part:
    level, state, sentence = _MODEL_STATES[status.state]
    return Part(title=title, level=level, state=str(state), sentence=str(sentence))
