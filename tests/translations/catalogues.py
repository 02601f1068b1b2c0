"""Catalogues as they lie in the tree: read, brought up to the sources, written the same way each time."""

from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4"
    " : 5;",
}
"""How each language counts: zero, one, two, few, many, other. Of languages that are not here, Babel knows it."""


class TranslatedCatalog(Catalog):
    """A catalogue whose head says no dates, names and tools, so that it changes with its strings only."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The head."""
        return [
            ("Language", str(self.locale_identifier)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", PLURALS.get(str(self.locale_identifier)) or super().plural_forms),
        ]

    @property
    def num_plurals(self) -> int:
        """How many forms a number takes."""
        rule = PLURALS.get(str(self.locale_identifier))
        return int(rule.split(";")[0].removeprefix("nplurals=")) if rule else super().num_plurals


def read(path: Path, language: str) -> Catalog:
    """Return the catalogue at this path, empty where there is none."""
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def brought_up_to(strings: Catalog, before: Catalog, language: str) -> TranslatedCatalog:
    """Return these strings with the translations that there are; what is no longer said is left out.

    No translation is guessed from a similar string: a wrong one that nobody looked at is worse than none.
    """
    catalog = TranslatedCatalog(locale=language, charset="utf-8", header_comment="", fuzzy=False)
    for message in strings:
        if not message.id:
            continue
        known = before.get(message.id, message.context)
        catalog.add(
            message.id,
            _translation(message, known, catalog.num_plurals),
            flags=message.flags,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else (),
            context=message.context,
        )
    return catalog


def _translation(message: object, known: object, forms: int) -> object:
    is_plural = isinstance(message.id, tuple)  # type: ignore[attr-defined]
    nothing = ("",) * forms if is_plural else ""
    if known is None or isinstance(known.id, tuple) != is_plural or known.fuzzy:  # type: ignore[attr-defined]
        return nothing
    string = known.string  # type: ignore[attr-defined]
    return string if not is_plural or len(string) == forms else nothing


def as_po(catalog: Catalog) -> bytes:
    """Return the catalogue as text for people, without places in the sources."""
    text = BytesIO()
    write_po(text, catalog, width=0, no_location=True)
    return text.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """Return the catalogue as the server reads it."""
    compiled = BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()
