"""A bounded queue that organizations share: each has its turn, and none has more than half of the places."""

from collections import deque
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, eq=False)
class Call:
    """One call for a slot; `organization_id` is None where it belongs to no organization."""

    organization_id: int | None
    state: Literal["waiting", "working", "refused"] = "waiting"


class FairQueue:
    """Calls in the order they are served: round robin over organizations, first come first served within one.

    Not safe for threads by itself: the owner locks it.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._places_of_one = max(1, places // 2)
        # The order of the keys is the order of turns.
        self._calls: dict[int | None, deque[Call]] = {}

    def __len__(self) -> int:
        return sum(len(calls) for calls in self._calls.values())

    def add(self, call: Call) -> None:
        """Put the call behind those of its organization, whatever the number of places."""
        self._calls.setdefault(call.organization_id, deque()).append(call)

    def take_next(self) -> Call:
        """Remove and return the first call of the organization whose turn it is; that one is last in turn then."""
        organization_id, calls = next(iter(self._calls.items()))
        del self._calls[organization_id]
        call = calls.popleft()
        if calls:
            self._calls[organization_id] = calls
        return call

    def discard(self, call: Call) -> None:
        """Remove the call if it is here."""
        calls = self._calls.get(call.organization_id, deque())
        if call in calls:
            calls.remove(call)
        if not calls:
            self._calls.pop(call.organization_id, None)

    def find_excess(self, newest: Call) -> Call | None:
        """Return the call that has no place now that `newest` was added; None where all have one.

        That is `newest` itself, unless another organization has more calls waiting than its own: then the newest of
        the organization with the most.
        """
        own = self._calls[newest.organization_id]
        if len(own) > self._places_of_one:
            return newest
        if len(self) <= self._places:
            return None
        longest = max(self._calls.values(), key=len)
        return longest[-1] if len(longest) > len(own) else newest
