"""JSON bodies, both ways."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer


class JsonParser(JSONParser):
    """Reads JSON; what is nested too deeply to be read is as broken as any other."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return what the body says; raise ParseError."""
        if parser_context is not None and str(parser_context.get("encoding", "")).lower() in ("utf-8", "utf8"):
            # With a mark at its beginning, as some editors and PowerShell write it.
            parser_context = {**parser_context, "encoding": "utf-8-sig"}
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class JsonRenderer(JSONRenderer):
    """Writes JSON and names its encoding, as remove.bg does."""

    charset = "utf-8"
