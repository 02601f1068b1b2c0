"""No template says anything that cannot be translated."""

import re
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from tests.translations.sources import PROJECT

TEMPLATES = PROJECT / "templates"
SAID = {"aria-label", "title", "alt", "placeholder", "data-label", "data-unit", "data-copied", "data-words"}
"""Attributes whose values are for people."""

NOT_WORDS = {
    *("curl", "Python", "JavaScript", "JPEG", "WebP", "PNG", "OpenAPI", "YAML", "Swagger UI", "v1", "v1.0", "API"),
    *("PowerShell", "x-api-key", "KEY", "ms", "Idempotency-Key", "UTC"),
    *("text", "; in JSON also", "docs", "entrance", "wide"),
}
"""Names that are the same in every language, words of the API's English
description, and names of styles."""


def files():
    admin = TEMPLATES / "admin"  # in Django's words, and in English where it has none
    return sorted(
        path for path in TEMPLATES.rglob("*.*") if path.suffix in (".html", ".txt") and admin not in path.parents
    )


def words_of(path: Path) -> list[str]:
    """Return what the template says in its own words, outside of tags that translate."""
    text, inside = "", ""
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            if name in ("blocktranslate", "comment"):
                inside = f"end{name}"
            elif name == inside:
                inside = ""
            text += "\x00"
        elif not inside:
            text += token.contents if token.token_type == TokenType.TEXT else "\x00"
    return [word for word in _said_in(text, is_html=path.suffix == ".html") if _is_words(word)]


def _said_in(text: str, *, is_html: bool) -> list[str]:
    if not is_html:
        return text.split("\x00")
    text = re.sub(r"<(code|pre|script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    attributes = [
        value for tag in re.findall(r"<[^>]*>", text) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)
        if name in SAID
    ]  # fmt: skip
    between = re.sub(r"<[^>]*>", "\x00", text)
    return [part for value in (*attributes, between) for part in value.split("\x00")]


def _is_words(text: str) -> bool:
    for name in sorted(NOT_WORDS, key=len, reverse=True):
        text = text.replace(name, "")
    return re.search(r"[^\W\d_]{2,}", text.replace("&nbsp;", "")) is not None


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_word_can_be_translated(path):
    assert words_of(path) == []
