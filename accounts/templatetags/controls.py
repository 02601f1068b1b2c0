"""How a field's control is drawn."""

from typing import Any

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField, hint: str = "") -> SafeString:
    """Return the control, tied to the hint below it; without a placeholder, which would only repeat the label."""
    attributes: dict[str, Any] = {"placeholder": False}
    if hint and not field.help_text:
        described = (f"{field.auto_id}_helptext", field.aria_describedby)
        attributes["aria-describedby"] = " ".join(part for part in described if part)
    return field.as_widget(attrs=attributes)
