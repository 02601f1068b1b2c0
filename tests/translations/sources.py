"""Every string that the sources want translated, by the catalogue that it belongs to. Pure Python: no GNU gettext."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "billing", "processing", "removebg")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
OPTIONS = {"encoding": "utf-8", "parse_template_string": True}
HINT = "Translators:"


@dataclass(frozen=True, slots=True)
class Place:
    """One catalogue without its language: an app, and a domain of gettext's."""

    app: str
    domain: str

    def path(self, language: str, ending: str = "po") -> Path:
        """Return where it lies."""
        return PROJECT / self.app / "locale" / language / "LC_MESSAGES" / f"{self.domain}.{ending}"

    def sources(self) -> Iterator[Path]:
        """Yield the files that its strings come from; those of templates belong to the site."""
        if self.domain == "djangojs":
            yield from sorted((PROJECT / self.app / "static").rglob("*.js"))
            return
        yield from sorted((PROJECT / self.app).rglob("*.py"))
        if self.app == "removebg":
            for kind in ("html", "txt", "svg", "xml"):
                yield from sorted((PROJECT / "templates").rglob(f"*.{kind}"))


PLACES = (*(Place(app, "django") for app in APPS), Place("removebg", "djangojs"))


def strings_of(place: Place) -> Catalog:
    """Return a catalogue without translations: each string once, with what was written for translators."""
    found = Catalog(charset="utf-8")
    for path in place.sources():
        method, text = _as_code(path)
        for _line, message, comments, context in extract(
            method, BytesIO(text.encode()), KEYWORDS, (HINT,), OPTIONS, strip_comment_tags=True
        ):
            found.add(message, auto_comments=comments, context=context)
    return found


def _as_code(path: Path) -> tuple[str, str]:
    """Return how Babel reads the file, and its text in a form that it can read."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        return "javascript", text
    if path.suffix == ".py":
        return "python", text
    # Nearly Python: its lines begin where those of the template did.
    return "python", "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
