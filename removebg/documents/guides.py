"""The guides for those who come from elsewhere, read from docs/, with this server's address filled in."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString

from removebg.documents import markdown

EXAMPLE_HOST = "cutouts.example.com"
"""How the documents call a server of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One document for people who come from a rival."""

    slug: str
    rival: str
    file_name: str


GUIDES = {
    guide.slug: guide
    for guide in (
        Guide(slug="remove-bg", rival="remove.bg", file_name="migrate-from-remove-bg.md"),
        Guide(slug="poof", rival="Poof", file_name="migrate-from-poof.md"),
    )
}


@dataclass(frozen=True, slots=True)
class Row:
    """What a guide says of one parameter: in a word or two, and then in sentences, both of them Markdown."""

    here: str
    note: str


@cache
def text_of(guide: Guide) -> str:
    """Return the document as it lies in docs/."""
    return (settings.BASE_DIR / "docs" / guide.file_name).read_text(encoding="utf-8")


def html_of(guide: Guide) -> SafeString:
    """Return the document as HTML, with this server's address in its examples."""
    public = urlsplit(settings.PUBLIC_URL)
    text = text_of(guide).replace(f"https://{EXAMPLE_HOST}", settings.PUBLIC_URL).replace(EXAMPLE_HOST, public.netloc)
    with translation.override("en"):  # the guide's own language, which names its tables, too
        return markdown.to_html(text, resolve=page_of_link)


def page_of_link(href: str) -> str:
    """Return the page of the site that a link between documents means; empty where that document has none."""
    name, _hash, fragment = href.partition("#")
    pages = {guide.file_name: reverse("guide", args=[guide.slug]) for guide in GUIDES.values()}
    pages["api.md"] = reverse("docs-api")
    if not name.endswith(".md") or "://" in name:
        return href
    page = pages.get(name, "")
    return f"{page}#{fragment}" if page and fragment else page


@cache
def parameter_rows(guide: Guide) -> dict[str, Row]:
    """Return what the table under *Parameters* says of each parameter."""
    section = re.split(r"\n## ", text_of(guide).split("\n## Parameters\n")[1])[0]
    rows: dict[str, Row] = {}
    for line in section.splitlines():
        if line.startswith("| `"):
            names, here, note = (cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|"))
            rows.update(dict.fromkeys(re.findall(r"`([^`]+)`", names), Row(here, note)))
    return rows
