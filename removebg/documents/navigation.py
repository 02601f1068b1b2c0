"""The places of the documentation, in the order of its side-nav."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from removebg.reference.endpoints import endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One link of the side-nav, and those below it."""

    name: str
    title: str
    href: str
    below: tuple["Place", ...] = ()


def places() -> list[Place]:
    """Return every place of the documentation."""
    return [
        Place(name="quickstart", title=_("Quickstart"), href=reverse("docs-quickstart")),
        Place(name="api", title=_("API reference"), href=reverse("docs-api"), below=tuple(_endpoint_places())),
        Place(name="errors", title=_("Errors"), href=reverse("error-index")),
        Place(name="from-remove-bg", title=_("Coming from remove.bg"), href=reverse("guide", args=["remove-bg"])),
        Place(name="from-poof", title=_("Coming from Poof"), href=reverse("guide", args=["poof"])),
        Place(name="migrate", title=_("Check a call"), href=reverse("docs-migrate")),
        Place(name="status", title=_("Status"), href=reverse("status")),
    ]


def _endpoint_places() -> Iterator[Place]:
    for endpoint in endpoints():
        yield Place(
            name=endpoint.slug,
            title=f"{endpoint.method} {endpoint.path}",
            href=reverse("docs-endpoint", args=[endpoint.slug]),
        )
