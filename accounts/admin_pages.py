"""Pages of the admin that ask before they do: a form, what it will mean, and one button that is sent."""

from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from unfold.admin import ModelAdmin
from unfold.widgets import INPUT_CLASSES

from accounts.names import refuse_email_addresses

Row = TypeVar("Row", bound=Model)


class ReasonForm(forms.Form):
    """Why something is done; it is written down for ever."""

    reason = forms.CharField(max_length=500, validators=[refuse_email_addresses])


def ask(
    model_admin: ModelAdmin,
    request: HttpRequest,
    about: Model,
    *,
    title: str,
    button: str,
    form: forms.Form | None = None,
    words: tuple[str, ...] = (),
    kept: dict[str, str] | None = None,
    takes: bool = False,
) -> HttpResponse:
    """Show the page. `kept` goes along unseen; `takes`: the button takes something away, and looks like it."""
    if form is not None:
        dress(form)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "about": about,
        "back": address_of(about),
        "form": form,
        "words": words,
        "kept": kept or {},
        "button": button,
        "takes": takes,
    }
    return TemplateResponse(request, "admin/ask.html", context)


def find_row(model: type[Row], object_id: Any) -> Row | None:
    """Return the row that an address names; None where there is none, or the name is none that rows have."""
    try:
        return model._default_manager.filter(pk=object_id).first() if object_id else None
    except (ValueError, OverflowError, ValidationError):
        return None


def address_of(row: Model) -> str:
    """Return the address of a row's own page in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def dress(form: forms.Form) -> None:
    """Let the fields look like the admin's own."""
    for field in form.fields.values():
        if not isinstance(field.widget, forms.HiddenInput):
            field.widget.attrs["class"] = " ".join(INPUT_CLASSES)


def joined(links: list[str]) -> str:
    """Return links side by side; a dash where there are none."""
    return format_html("{}" + ", {}" * (len(links) - 1), *links) if links else "-"


def list_where(words: str, route: str, **question: Any) -> str:
    """Return a link to the rows for which this holds."""
    return format_html('<a class="to-row" href="{}?{}">{}</a>', reverse(f"admin:{route}"), urlencode(question), words)


def link_to(row: Model | None) -> str:
    """Return a link to a row's own page; a dash where there is none."""
    return format_html('<a class="to-row" href="{}">{}</a>', address_of(row), row) if row is not None else "-"
