"""Alice is logged in, and works in her shop; strangers are not."""

from tests.processing.history.conftest import use_storage  # noqa: F401 - fixtures are found by their names
from tests.processing.playground.conftest import (  # noqa: F401
    alice,
    alice_credits,
    disc,
    fresh_counters,
    shop,
    stranger,
)
