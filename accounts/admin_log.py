"""Removing a deleted person from the admin's log, whose rows hold texts copied from other rows."""

import json
import re
from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q

REMOVED = "[deleted]"
LONGEST_REPR = 200


def remove_addresses(addresses: Iterable[str]) -> None:
    """Replace e-mail addresses wherever an entry mentions them."""
    for address in addresses:
        for entry in _entries_with(address):
            entry.object_repr = _without(address, entry.object_repr)[:LONGEST_REPR]
            entry.change_message = _without(address, entry.change_message)
            entry.save(update_fields=["object_repr", "change_message"])


def refresh_names(old_name: str) -> None:
    """Write again how objects are called whose name contained `old_name`; unrelated ones of that name stay."""
    for entry in LogEntry.objects.filter(object_repr__icontains=old_name):
        called = _name_now(entry)
        if called is not None and called != entry.object_repr:
            entry.object_repr = called[:LONGEST_REPR]
            entry.change_message = _without(old_name, entry.change_message)
            entry.save(update_fields=["object_repr", "change_message"])


def _entries_with(text: str) -> Iterable[LogEntry]:
    mentions = Q(object_repr__icontains=text)
    for form in _forms_of(text):
        mentions |= Q(change_message__icontains=form)
    return LogEntry.objects.filter(mentions)


def _without(text: str, message: str) -> str:
    for form in _forms_of(text):
        message = re.sub(rf"(?<![\w.+-]){re.escape(form)}(?![\w-])", REMOVED, message, flags=re.IGNORECASE)
    return message


def _forms_of(text: str) -> set[str]:
    """Return a text as it is and as JSON writes it: change messages are JSON."""
    return {text, json.dumps(text)[1:-1]}


def _name_now(entry: LogEntry) -> str | None:
    try:
        edited = entry.get_edited_object() if entry.content_type is not None else None
    except (ObjectDoesNotExist, AttributeError, ValueError):
        return None
    return None if edited is None else str(edited)
