"""How many values a JSON text can hold, counted while it arrives and before anything is made of it."""

import re

from processing.api.large_bodies import has_too_many_escapes

MOST_SEPARATORS = 1_000
"""Of `{`, `[` and `,` outside strings; each announces one value. Calls have some thirty fields."""

LONG_TEXT_BYTES = 1_000_000
"""A longer string must be ASCII, as base64 is: one wide character makes all others take four bytes, too."""

_SEPARATORS = b"{[,"
_REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_WIDE_ESCAPE = re.compile(rb"\\u(?:[^0]|0[^0]|00[^0-7])")
_ESCAPE_BYTES = 5


class TooCostly(ValueError):
    """Parsing would make too much of the text; the message says of what."""


class StructureCounter:
    """Counts separators, strings and escapes of a JSON text that comes in pieces; linear time, constant memory."""

    def __init__(self) -> None:
        self._n_bytes = 0
        self._escapes = 0
        self._separators = 0
        self._strings = 0
        self._is_in_string = False
        self._is_escaped = False
        self._begin_string()

    def feed(self, piece: bytes) -> None:
        """Count one more piece; raise TooCostly."""
        self._n_bytes += len(piece)
        self._escapes += piece.count(b"\\")
        if has_too_many_escapes(self._escapes, self._n_bytes):
            raise TooCostly("The JSON document has too many escapes.")
        position = 0
        while position < len(piece):
            read = self._read_string if self._is_in_string else self._read_between_strings
            position = read(piece, position)
            # Valid JSON has a separator before each string but the first.
            if self._separators > MOST_SEPARATORS or self._strings > 2 * MOST_SEPARATORS + 1:
                raise TooCostly(f"The JSON document has more than {MOST_SEPARATORS:,} values.")

    def _read_between_strings(self, piece: bytes, position: int) -> int:
        end = piece.find(b'"', position)
        is_string_next = end >= 0
        between = piece[position : end if is_string_next else len(piece)]
        self._separators += len(between) - len(between.translate(None, _SEPARATORS))
        self._strings += is_string_next
        self._is_in_string = is_string_next
        self._begin_string()
        return end + 1 if is_string_next else len(piece)

    def _read_string(self, piece: bytes, position: int) -> int:
        if self._is_escaped:
            self._is_escaped = False
            self._note_text(b"\\" + piece[position : position + 1])
            return position + 1
        found = _REST_OF_STRING.match(piece, position)
        end = found.end() if found else position
        self._note_text(piece[position:end])
        if end < len(piece):
            # What ends the match is the closing quote, or a backslash whose character is in the next piece.
            self._is_escaped = piece[end : end + 1] == b"\\"
            self._is_in_string = self._is_escaped
        return end + 1

    def _begin_string(self) -> None:
        self._n_text_bytes = 0
        self._is_wide = False
        self._tail = b""

    def _note_text(self, text: bytes) -> None:
        self._n_text_bytes += len(text)
        self._is_wide = self._is_wide or not text.isascii() or bool(_WIDE_ESCAPE.search(self._tail + text))
        self._tail = (self._tail + text[-_ESCAPE_BYTES:])[-_ESCAPE_BYTES:]
        if self._is_wide and self._n_text_bytes > LONG_TEXT_BYTES:
            raise TooCostly("The JSON document has a long text that is not ASCII.")
