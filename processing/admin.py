"""For whoever runs the server: removal records, to look at; which model an organization gets; what models there are."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from accounts.look_only import LookOnly
from processing.engine import CANNOT_RUN, engine
from processing.forms import ModelChoiceForm
from processing.matting.model_catalog import CATALOG
from processing.models import DailyUsage, ModelChoice, RemovalRecord, SizeVocabulary


@admin.register(RemovalRecord)
class RemovalRecordAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Find a request by the id a caller names."""

    list_display = ("created", "request_id", "organization", "origin", "status", "code", "credits_charged", "took_ms")
    list_filter = ("created", "origin", "status", "code", "model", "quality")
    search_fields = ("request_id", "organization__name", "organization__public_id")
    show_full_result_count = False
    list_select_related = ("organization",)


@admin.register(DailyUsage)
class DailyUsageAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What remains of old records."""

    list_display = ("day", "organization", "api_key", "origin", "status", "requests", "credits_charged")
    list_filter = ("day", "origin", "status")
    list_select_related = ("organization", "api_key")


@admin.register(ModelChoice)
class ModelChoiceAdmin(ModelAdmin):  # type: ignore[misc]
    """Which model an organization gets, and a page of all models: where they come from and who may use them."""

    form = ModelChoiceForm
    list_display = ("organization", "model", "is_allowed")
    list_select_related = ("organization",)
    search_fields = ("model", "organization__name", "organization__public_id")
    autocomplete_fields = ("organization",)

    @admin.display(boolean=True, description="in use")
    def is_allowed(self, choice: ModelChoice) -> bool:
        """Show whether the choice counts; where it is allowed no more, the default model works."""
        return choice.model in settings.ALLOWED_MODELS

    def get_readonly_fields(self, request: HttpRequest, obj: ModelChoice | None = None) -> tuple[str, ...]:
        """Let a stored choice change its model only."""
        return ("organization",) if obj else ()

    def save_model(self, request: HttpRequest, obj: ModelChoice, form: Any, change: bool) -> None:
        """Save the choice, and say so where its model cannot run here as things stand."""
        super().save_model(request, obj, form, change)
        state = engine.status(obj.model).state
        if state in CANNOT_RUN:
            text = (
                f"The model {obj.model} is {state} on this server: requests of {obj.organization} that name no other "
                f"are refused until that is put right. `manage.py fetch_model {obj.model}` fetches it; All models says "
                "what is wrong."
            )
            self.message_user(request, text, messages.WARNING)

    def get_urls(self) -> list[URLPattern]:
        """Add the page of all models."""
        models = path("models/", self.admin_site.admin_view(self.models_view), name="processing_models")
        return [models, *super().get_urls()]

    def models_view(self, request: HttpRequest) -> HttpResponse:
        """Show the catalog, and how each model stands in the process that answers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        models: list[dict[str, Any]] = [
            {
                "row": row,
                "status": engine.status(row.name),
                "is_default": row.name == settings.MODEL_NAME,
                "is_allowed": row.name in settings.ALLOWED_MODELS,
            }
            for row in CATALOG.values()
        ]
        context = {**self.admin_site.each_context(request), "title": "Models", "models": models}
        return TemplateResponse(request, "admin/processing/modelchoice/models.html", context)


@admin.register(SizeVocabulary)
class SizeVocabularyAdmin(ModelAdmin):  # type: ignore[misc]
    """Whether an organization's sizes count pixels or, as in Poof's newer documents, megapixels."""

    list_display = ("organization", "vocabulary")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__public_id")
    autocomplete_fields = ("organization",)

    def get_readonly_fields(self, request: HttpRequest, obj: SizeVocabulary | None = None) -> tuple[str, ...]:
        """Let a stored choice change its vocabulary only."""
        return ("organization",) if obj else ()
