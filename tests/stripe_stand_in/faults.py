"""Bad days on order: the next calls to a path are refused, lost, or done without an answer."""

import re
import threading
from dataclasses import dataclass
from typing import Literal

Kind = Literal["answer", "drop", "hang"]


@dataclass
class Fault:
    """What happens to the next `times` calls. `after` means that the call is carried out first."""

    path: str
    method: str = "POST"
    kind: Kind = "answer"
    status: int = 500
    times: int = 1
    after: bool = False
    # Stripe keeps the answer of a call that had begun under its idempotency key, a 500 too.
    remembered: bool = False
    hang_s: float = 60.0

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and re.fullmatch(self.path, path) is not None


class Faults:
    """The bad days ordered and not yet over."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._lock = threading.Lock()
        self.over = threading.Event()

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._ordered.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that meets this call, using it up by one."""
        with self._lock:
            fault = next((fault for fault in self._ordered if fault.meets(method, path)), None)
            if fault is not None:
                fault.times -= 1
            return fault

    def clear(self) -> None:
        with self._lock:
            self._ordered.clear()

    def body_of(self, fault: Fault) -> dict[str, object]:
        if fault.status == 429:
            return {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}}
        if fault.status == 409:
            return {"error": {"type": "invalid_request_error", "code": "lock_timeout", "message": "Try again."}}
        return {"error": {"type": "api_error", "message": "Something went wrong on Stripe's end."}}
