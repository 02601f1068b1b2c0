"""Is the process alive, and can it do its work."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from processing.engine import EngineStatus, engine
from processing.matting.model_catalog import get_model
from removebg.database_check import database_check


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """200 as long as a thread can answer; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and the default model is loaded, else 503; says how each model offered stands."""
    status = engine.status()
    database = database_check.find_problem()
    is_ready = status.is_ready and database is None
    body = {
        "ready": is_ready,
        "database": database or "ok",
        "model": _described(status),
        "other_models": [_described(other) for name, other in engine.statuses().items() if name != status.model],
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def _described(status: EngineStatus) -> dict[str, Any]:
    model = get_model(status.model)
    return {
        "name": status.model,
        "state": status.state,
        "digest": status.digest,
        "precision": status.precision,
        "execution_provider": status.provider,
        "licence": model.licence,
        "commercial_use": model.allows_commercial_use,
    }
