"""A pasted command line to words, as a shell would split it, without ever being one.

shlex splits words, but tells neither a quoted `;` from one that ends a command nor `'$KEY'` from `"$KEY"`, and knows no
Windows. What a shell would replace is kept as it stands: variables are marked, so that they can be written again as
variables; substitutions become plain text, and are told.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext as _

_OPENS, _CLOSES = "\ue000", "\ue001"
"""Around the name of a variable, in words; private characters that nobody types."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(f"{_OPENS}({_NAME.pattern}){_CLOSES}")
_BLANKS = " \t\r\f\v\u00a0"
_ENDS = ";&|()<>\n"
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


class Unreadable(ValueError):
    """The text is no command line; what it says is for the person, and quotes nothing of theirs."""


@dataclass(slots=True)
class CommandLine:
    """The first command of a text."""

    words: list[str] = field(default_factory=list)
    saved_as: str | None = None
    """Where a `>` leads."""
    has_more: bool = False
    """Whether something follows it: a pipe, another command."""
    has_substitutions: bool = False
    joined_lines: bool = False
    """Whether lines were taken together although no backslash says so."""


def read_command(text: str) -> CommandLine:
    """Return the words of the first command; raise Unreadable."""
    text = re.sub(f"[{_OPENS}{_CLOSES}\0]", "", text).replace("\r\n", "\n").replace("\r", "\n")
    is_windows = bool(re.search(r'\^[ \t]*(\n|$)|\^"', text))
    return _Reader(_without_carets(text) if is_windows else _without_backticks(text), is_windows=is_windows).read()


def shown(word: str) -> str:
    """Return the word with its variables as a person writes them."""
    return _VARIABLE.sub(r"$\1", word)


def quoted(word: str) -> str:
    """Return the word so that a shell reads it back: its variables are replaced there, and nothing else is."""
    if not _VARIABLE.search(word):
        return shlex.quote(word)
    literal = re.sub(r'([\\"$`])', r"\\\1", word)
    return '"' + _VARIABLE.sub(r"$\1", literal) + '"'


def has_variable(word: str) -> bool:
    """Tell whether the word is known only where the command is run."""
    return bool(_VARIABLE.search(word))


def variable(name: str) -> str:
    """Return a word that is a variable."""
    return f"{_OPENS}{name}{_CLOSES}"


def _without_carets(text: str) -> str:
    """Take the carets of a Windows command line away; one before a line's end joins it with the next."""
    text = re.sub(r"\^[ \t]*(\n|$)", " ", text)
    return re.sub(r"\^(.)", r"\1", text)


def _without_backticks(text: str) -> str:
    """Join lines that PowerShell's backtick continues."""
    return re.sub(r"[ \t]`[ \t]*\n", " ", text)


class _Reader:
    """One walk through the text."""

    def __init__(self, text: str, *, is_windows: bool) -> None:
        self._text = text
        self._at = 0
        self._is_windows = is_windows
        self._line = CommandLine()
        self._word: list[str] | None = None
        self._redirects: Literal["", "output", "elsewhere"] = ""

    def read(self) -> CommandLine:
        """Walk to the end of the first command."""
        handlers: dict[str, Callable[[], None]] = {'"': self._double, "\\": self._backslash, "$": self._dollar}
        if self._is_windows:
            handlers = {'"': self._double, "%": self._percent}
        else:
            handlers |= {"'": self._single, "`": self._backtick}
        while self._at < len(self._text):
            character = self._text[self._at]
            if character in _BLANKS:
                self._end_word()
                self._at += 1
            elif character == "#" and self._word is None:
                self._skip_comment()
            elif character in _ENDS:
                if self._ends_here(character):
                    break
            elif character in handlers:
                handlers[character]()
            else:
                self._add(character)
        self._end_word()
        return self._line

    def _add(self, text: str, *, steps: int = 1) -> None:
        self._word = self._word if self._word is not None else []
        self._word.append(text)
        self._at += steps

    def _end_word(self) -> None:
        if self._word is None:
            return
        word, self._word = "".join(self._word), None
        if self._redirects == "output":
            self._line.saved_as = word
        elif not self._redirects:
            self._line.words.append(word)
        self._redirects = ""

    def _skip_comment(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _ends_here(self, character: str) -> bool:
        """Tell whether the command ends at this character; step over it where it does not."""
        if character == "<" and self._word is not None and self._word[-1] == "=":
            self._add(character)  # a shell would take it as its own, who copies -F name=<file means curl's
            return False
        if character == ">":
            self._redirect()
            return False
        self._end_word()
        rest = self._text[self._at :]
        if character == "\n":
            ahead = rest.lstrip(" \t\n")
            if not self._line.words or ahead.startswith("-"):
                self._line.joined_lines = self._line.joined_lines or bool(self._line.words)
                self._at += len(rest) - len(ahead)
                return False
        self._line.has_more = bool(rest.strip(_BLANKS + "\n;&"))
        return True

    def _redirect(self) -> None:
        """Step over `>`, `>>`, `2>`; what follows is no word of the command."""
        number = "".join(self._word or ())
        if number in ("1", "2"):
            self._word = None
        self._end_word()
        while self._text[self._at : self._at + 1] in (">", "&", "|") and self._at < len(self._text):
            self._at += 1
        self._redirects = "elsewhere" if number == "2" else "output"

    def _single(self) -> None:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise Unreadable(_("A ' is opened and not closed. Copy the whole call, to its last quote."))
        self._add(self._text[self._at + 1 : end], steps=end + 1 - self._at)

    def _double(self) -> None:
        self._add("")
        while self._at < len(self._text) and self._text[self._at] != '"':
            character = self._text[self._at]
            if character == "\\" and self._text[self._at + 1 : self._at + 2] in ('"', "\\", "$", "`", "\n"):
                escaped = self._text[self._at + 1]
                self._add("" if escaped == "\n" else escaped, steps=2)
            elif character == "$" and not self._is_windows:
                self._dollar(quoted_already=True)
            elif character == "`" and not self._is_windows:
                self._backtick()
            elif character == "%" and self._is_windows:
                self._percent()
            else:
                self._add(character)
        if self._at >= len(self._text):
            raise Unreadable(_('A " is opened and not closed. Copy the whole call, to its last quote.'))
        self._at += 1

    def _backslash(self) -> None:
        continued = re.match(r"\\[ \t]*\n", self._text[self._at : self._at + 200])
        if continued:
            # Strictly only where nothing stands between; copied calls have blanks there, and mean the same.
            if continued[0] != "\\\n":
                self._end_word()
            self._at += len(continued[0])
        else:
            self._add(self._text[self._at + 1 : self._at + 2], steps=2)

    def _dollar(self, *, quoted_already: bool = False) -> None:
        rest = self._text[self._at + 1 : self._at + 200]
        name = _NAME.match(rest)
        braced = re.match(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", rest)
        if name:
            self._add(variable(name[0]), steps=1 + len(name[0]))
        elif braced:
            self._add(variable(braced[1]), steps=1 + len(braced[0]))
        elif rest.startswith("("):
            self._substitution()
        elif rest.startswith("'") and not quoted_already:
            self._ansi()
        else:
            self._add("$")

    def _substitution(self) -> None:
        depth, end = 0, self._at + 1
        while end < len(self._text):
            depth += {"(": 1, ")": -1}.get(self._text[end], 0)
            end += 1
            if depth == 0:
                break
        if depth:
            raise Unreadable(_("A $( is opened and not closed. Copy the whole call."))
        self._line.has_substitutions = True
        self._add(self._text[self._at : end], steps=end - self._at)

    def _backtick(self) -> None:
        end = self._text.find("`", self._at + 1)
        if end < 0:
            raise Unreadable(_("A ` is opened and not closed. Copy the whole call."))
        self._line.has_substitutions = True
        self._add(self._text[self._at : end + 1], steps=end + 1 - self._at)

    def _percent(self) -> None:
        name = re.match(rf"%({_NAME.pattern})%", self._text[self._at : self._at + 200])
        self._add(variable(name[1]) if name else "%", steps=len(name[0]) if name else 1)

    def _ansi(self) -> None:
        """Read $'...', in which backslashes mean what they do in C."""
        self._add("", steps=2)
        while self._at < len(self._text) and self._text[self._at] != "'":
            if self._text[self._at] == "\\":
                self._ansi_escape()
            else:
                self._add(self._text[self._at])
        if self._at >= len(self._text):
            raise Unreadable(_("A $' is opened and not closed. Copy the whole call, to its last quote."))
        self._at += 1

    def _ansi_escape(self) -> None:
        coded = re.match(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))", self._text[self._at : self._at + 6])
        if coded:
            self._add(chr(int(coded[1] or coded[2], 16)), steps=len(coded[0]))
        else:
            escaped = self._text[self._at + 1 : self._at + 2]
            self._add(_ANSI.get(escaped, escaped), steps=2)
