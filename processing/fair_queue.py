"""A bounded queue that organizations share: each has its turn, and none has more than half of the places."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, eq=False)
class Call:
    """One call for a slot; `organization_id` is None where it belongs to no organization."""

    organization_id: int | None
    state: Literal["waiting", "working", "refused"] = "waiting"


REMEMBERED_TURNS = 1000
"""Of so many organizations it is known when they were served last."""


class FairQueue:
    """Calls that wait: the organization served least recently is next, first come first served within one.

    Among organizations that always have a call waiting that is round robin. Not safe for threads: its owner locks.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._places_of_one = max(1, places // 2)
        self._calls: dict[int | None, deque[Call]] = {}
        self._turn = 0
        self._last_turns: OrderedDict[int | None, int] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(calls) for calls in self._calls.values())

    def add(self, call: Call) -> None:
        """Put the call behind those of its organization, whatever the number of places."""
        self._calls.setdefault(call.organization_id, deque()).append(call)

    def take_next(self) -> Call:
        """Remove and return the first call of the organization whose turn it is."""
        organization_id = min(self._calls, key=lambda organization: self._last_turns.get(organization, 0))
        call = self._calls[organization_id][0]
        self.discard(call)
        self._note_turn(organization_id)
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

    def _note_turn(self, organization_id: int | None) -> None:
        self._turn += 1
        self._last_turns[organization_id] = self._turn
        self._last_turns.move_to_end(organization_id)
        if len(self._last_turns) > REMEMBERED_TURNS:
            self._last_turns.popitem(last=False)
