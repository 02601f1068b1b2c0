"""Idempotency keys: the same request again gets the same answer for a day, another request under its key gets none."""

from dataclasses import dataclass
from typing import Any

from tests.stripe_stand_in.clock import DAY_S
from tests.stripe_stand_in.errors import Refusal

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class _Remembered:
    path: str
    params: dict[str, Any]
    answer: Answer
    until: int


class IdempotencyKeys:
    """The answers given, each under the key its request carried."""

    def __init__(self) -> None:
        self._answers: dict[str, _Remembered] = {}

    def find_answer(self, key: str, *, path: str, params: dict[str, Any], now: int) -> Answer | None:
        """Return the answer given before, or None for a new key; refuse a key that belongs to another request."""
        remembered = self._answers.get(key)
        if remembered is None or remembered.until <= now:
            return None
        if (remembered.path, remembered.params) != (path, params):
            raise Refusal(
                f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                type="idempotency_error",
            )
        return remembered.answer

    def remember(self, key: str, *, path: str, params: dict[str, Any], answer: Answer, now: int) -> None:
        self._answers[key] = _Remembered(path, params, answer, now + DAY_S)
