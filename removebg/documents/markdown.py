"""Markdown to HTML for the pages: no HTML of the writer's passes, and links between documents lead to pages."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

Resolve = Callable[[str], str]


def to_html(text: str, *, resolve: Resolve = str) -> SafeString:
    """Return the document as HTML; `resolve` says where a link leads, and empty text makes it plain words."""
    tokens = _parser().parse(text)
    _name_headings(tokens)
    _name_regions(tokens)
    for token in tokens:
        _lead_links(token.children or [], resolve)
    return mark_safe(str(_parser().renderer.render(tokens, _parser().options, {})))  # noqa: S308 - html is off


def to_html_in_line(text: str, *, resolve: Resolve = str) -> SafeString:
    """Return a sentence or two as HTML without a paragraph around them."""
    tokens = _parser().parseInline(text)
    for token in tokens:
        _lead_links(token.children or [], resolve)
    return mark_safe(str(_parser().renderer.render(tokens, _parser().options, {})))  # noqa: S308 - html is off


class _Renderer(RendererHTML):
    """Wide tables and code scroll by themselves, by keyboard, too."""

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Begin a region that scrolls."""
        return (
            f'<div class="wide" tabindex="0" role="region" aria-label="{escape(tokens[idx].meta["label"])}"><table>\n'
        )

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """End it."""
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Say what the cell heads; a style for its alignment would be inline. One without words heads nothing."""
        return '<th scope="col">' if tokens[idx + 1].content else "<td>"

    def th_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """End it as it began."""
        return "</th>\n" if tokens[idx - 1].content else "</td>\n"

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Leave alignment out here, too."""
        return "<td>"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Show code as everywhere on the site."""
        return (
            f'<pre class="code" tabindex="0" role="region" aria-label="{escape(tokens[idx].meta["label"])}">'
            f"<code>{escape(tokens[idx].content.rstrip())}</code></pre>\n"
        )

    code_block = fence


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table").disable("image")


def _name_headings(tokens: Sequence[Token]) -> None:
    for opening, words in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag != "h1":
            opening.attrSet("id", slugify(words.content))


def _name_regions(tokens: Sequence[Token]) -> None:
    """Give what scrolls a name of its own: what it is, under which heading, and which of several there."""
    heading, seen = "", Counter[str]()
    for opening, words in pairwise([*tokens, Token("end", "", 0)]):
        if opening.type == "heading_open":
            heading = words.content.replace("`", "")
        kind = {"table_open": _("Table"), "fence": _("Code"), "code_block": _("Code")}.get(opening.type)
        if kind:
            name = f"{kind}: {heading}"
            seen[name] += 1
            opening.meta["label"] = name if seen[name] == 1 else f"{name} ({seen[name]})"


def _lead_links(children: list[Token], resolve: Resolve) -> None:
    """Change where links lead; one that leads nowhere is hidden, and its words stay."""
    hidden = 0
    for token in children:
        if token.type == "link_open":
            href = resolve(str(token.attrGet("href") or ""))
            token.attrSet("href", href)
            hidden = 0 if href else 1
        if token.type in ("link_open", "link_close") and hidden:
            token.type, token.tag, token.content, token.nesting = "text", "", "", 0
