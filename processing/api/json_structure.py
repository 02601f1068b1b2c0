"""How many values a JSON text can hold, counted while it arrives and before anything is made of it."""

import re

MOST_SEPARATORS = 1_000
"""Of `{`, `[` and `,` outside strings; each announces one value. Calls have some thirty fields."""

_SEPARATORS = b"{[,"
_REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


class TooManyValues(ValueError):
    """The text has more values than MOST_SEPARATORS allows."""


class StructureCounter:
    """Counts the separators and strings of a JSON text that comes in pieces, in linear time and constant memory."""

    def __init__(self) -> None:
        self._separators = 0
        self._strings = 0
        self._is_in_string = False
        self._is_escaped = False

    def feed(self, piece: bytes) -> None:
        """Count one more piece; raise TooManyValues."""
        position = 0
        while position < len(piece):
            read = self._read_string if self._is_in_string else self._read_between_strings
            position = read(piece, position)
            # Valid JSON has a separator before each string but the first.
            if self._separators > MOST_SEPARATORS or self._strings > 2 * MOST_SEPARATORS + 1:
                raise TooManyValues

    def _read_between_strings(self, piece: bytes, position: int) -> int:
        end = piece.find(b'"', position)
        is_string_next = end >= 0
        between = piece[position : end if is_string_next else len(piece)]
        self._separators += len(between) - len(between.translate(None, _SEPARATORS))
        self._strings += is_string_next
        self._is_in_string = is_string_next
        return end + 1 if is_string_next else len(piece)

    def _read_string(self, piece: bytes, position: int) -> int:
        if self._is_escaped:
            self._is_escaped = False
            return position + 1
        found = _REST_OF_STRING.match(piece, position)
        end = found.end() if found else position
        if end < len(piece):
            # What ends the match is the closing quote, or a backslash whose character is in the next piece.
            self._is_escaped = piece[end : end + 1] == b"\\"
            self._is_in_string = self._is_escaped
        return end + 1
