"""The kinds of field that the forms of both dialects are made of."""

from typing import Any, TypeAlias

from rest_framework import serializers

from processing.colours import NotAColour, parse_colour, parse_opaque_colour

AnyField: TypeAlias = serializers.Field[Any, Any, Any, Any]
"""How forms declare fields that their OpenAPI description words otherwise."""

_LONGEST_PHRASE = 200
SWITCH_WORDS = {"false": False, "true": True, "0": False, "1": True}


class ColourField(serializers.CharField):
    """A CSS colour, or hex digits without #, as red, green, blue and alpha, 0..255 each."""

    default_error_messages = {
        "invalid": "must be text.",
        "invalid_colour": "must be a colour such as 81d4fa, fff, 81d4fa77 or a CSS colour name.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return the four numbers; a number of a JSON body is none, since it has lost its leading zeros."""
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return parse_colour(super().to_internal_value(data))
        except NotAColour:
            self.fail("invalid_colour")


class OpaqueColourField(ColourField):
    """The same, of colours that hide what lies beneath."""

    default_error_messages = {
        "invalid_colour": "must be an opaque colour such as #fff, #ffffff, rgb(255, 255, 255) or a CSS colour name.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return the four numbers, the last of them 255."""
        try:
            return (*parse_opaque_colour(serializers.CharField.to_internal_value(self, data)), 255)
        except NotAColour:
            self.fail("invalid_colour")


class WordField(serializers.ChoiceField):
    """One of a few words; case and white space around it do not matter.

    The refusal lists all words but the aliases of others.
    """

    def __init__(self, words: tuple[str, ...], *, aliases: tuple[str, ...] = (), **kwargs: Any) -> None:
        message = f"must be one of: {', '.join(words)}."
        self._by_lower = {word.lower(): word for word in (*words, *aliases)}
        super().__init__(choices=(*words, *aliases), error_messages={"invalid_choice": message}, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the word as it is listed."""
        return super().to_internal_value(
            self._by_lower.get(data.strip().lower(), data) if isinstance(data, str) else data
        )


def switch_of(data: Any) -> bool | None:
    """Return what a switch's word means, or None for any other value."""
    return SWITCH_WORDS.get(str(data).strip().lower())


class SwitchField(serializers.BooleanField):
    """true or false, or 1 or 0, in capitals or not; DRF alone would also take `t`, `yes` and `on`."""

    default_error_messages = {"invalid": "must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return what was meant."""
        meant = switch_of(data)
        return self.fail("invalid") if meant is None else meant


class PhraseField(serializers.CharField):
    """Text in a little language of its own; a subclass says which, in `parse` and in `told`."""

    told = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(error_messages={"invalid": self.told}, **kwargs)

    def parse(self, text: str) -> Any:
        """Return what the text means; raise ValueError."""
        raise ValueError(text)

    def to_internal_value(self, data: Any) -> Any:
        """Return what was meant."""
        if not isinstance(data, str) and not is_bare_zero(data):
            self.fail("invalid")
        text = super().to_internal_value(data)
        try:
            return self.parse(text) if len(text) <= _LONGEST_PHRASE else self.fail("invalid")
        except (ValueError, OverflowError):
            self.fail("invalid")


class AnyTextField(serializers.Field[Any, Any, Any, Any]):
    """A field that may say anything; what is no text says nothing to us."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text without white space around it."""
        return data.strip() if isinstance(data, str) else ""

    def to_representation(self, value: Any) -> Any:
        """Return the value as it is."""
        return value


def is_bare_zero(value: Any) -> bool:
    """Whether this is the number 0 of a JSON body, as lengths may be written."""
    return isinstance(value, int) and not isinstance(value, bool) and value == 0


def without_empty(fields: Any, data: Any) -> dict[str, Any]:
    """Return the known fields that say something: blank text and null are what a script's unset variable becomes."""
    return {name: data[name] for name in fields if name in data and not is_empty(data[name])}


def is_empty(value: Any) -> bool:
    """Whether a field of this value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())
