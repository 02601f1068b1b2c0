"""The fields of an HTML form as a browser would send them back unchanged."""

from html.parser import HTMLParser
from typing import Any

NOT_SENT = {"submit", "button", "reset", "file", "image"}


class RenderedForm(HTMLParser):
    """Reads one form of a page by its id; `fields` maps each name to the list of its values."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self._form_id, self._inside = form_id, False
        self._select, self._textarea = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has: dict[str, Any] = dict(attrs)
        if tag == "form":
            self._inside = has.get("id") == self._form_id
        if not self._inside or "disabled" in has:
            return
        name = has.get("name") or ""
        self.names |= {name} - {""}
        if tag == "input" and name and has.get("type", "text") not in NOT_SENT:
            is_box = has.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in has:
                self._add(name, has.get("value") or ("on" if is_box else ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            self._add(self._select, has.get("value") or "")
        elif tag == "textarea":
            self._textarea = name
            self._add(name, "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            value = self.fields.get(self._textarea)
            if value:
                value[-1] = value[-1].removeprefix("\r\n").removeprefix("\n")
            self._textarea = ""

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)
