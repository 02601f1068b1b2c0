"""One API call from its bytes to its answer: who asks, bad days, idempotency, checks, and the handler in between."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import HTTPException

from tests.stripe_stand_in import response_check
from tests.stripe_stand_in.errors import Misuse, Refusal
from tests.stripe_stand_in.events import API_VERSION
from tests.stripe_stand_in.expanding import expanded
from tests.stripe_stand_in.faults import Fault, Faults
from tests.stripe_stand_in.form_decoding import decode
from tests.stripe_stand_in.idempotency import Answer, IdempotencyKeys
from tests.stripe_stand_in.request_check import checked
from tests.stripe_stand_in.routes import MAP, Route
from tests.stripe_stand_in.storage import Storage


class NoAnswer(Exception):
    """The connection ends, now or after a while, with nothing said."""


@dataclass(frozen=True)
class Call:
    """What came over the wire."""

    method: str
    path: str
    encoded: str
    headers: Mapping[str, str]

    @property
    def key(self) -> str | None:
        return self.headers.get("Idempotency-Key") if self.method == "POST" else None


@dataclass(frozen=True)
class Seen:
    """One call as tests can look at it."""

    method: str
    path: str
    params: dict[str, Any]
    idempotency_key: str | None
    status: int


@dataclass
class Api:
    """Stripe's API on top of what is stored."""

    storage: Storage
    faults: Faults
    keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)
    # What no real Stripe would understand, or would ever answer. A test fixture fails on it.
    violations: list[str] = field(default_factory=list)
    calls: list[Seen] = field(default_factory=list)

    def answer(self, call: Call) -> tuple[Answer, dict[str, str]]:
        """Return status and body, with the headers that go with them."""
        fault = self.faults.take(call.method, call.path)
        headers: dict[str, str] = {}
        if fault is not None and not fault.after:
            answer = self._unlucky(call, fault)
        else:
            with self.storage.lock:
                answer, headers = self._served(call)
            if fault is not None:
                answer = self._unlucky(call, fault)
        self.calls.append(Seen(call.method, call.path, decode(call.encoded), call.key, answer[0]))
        return answer, headers

    def _unlucky(self, call: Call, fault: Fault) -> Answer:
        if fault.kind == "hang":
            self.faults.over.wait(fault.hang_s)
        if fault.kind != "answer":
            self.calls.append(Seen(call.method, call.path, decode(call.encoded), call.key, 0))
            raise NoAnswer
        answer = (fault.status, dict(self.faults.body_of(fault)))
        if fault.remembered and call.key:
            self._remember(call, call.key, answer)
        return answer

    def _served(self, call: Call) -> tuple[Answer, dict[str, str]]:
        params, now = decode(call.encoded), self.storage.clock.now()
        self.storage.request_id, self.storage.idempotency_key = self.storage.new_id("req"), call.key
        headers = {"Request-Id": self.storage.request_id, "Stripe-Version": API_VERSION}
        try:
            self._check_caller(call)
            if call.key:
                known = self.keys.find_answer(call.key, path=call.path, params=params, now=now)
                if known is not None:
                    return known, {**headers, "Idempotent-Replayed": "true", "Idempotency-Key": call.key}
            route, named = self._find_route(call)
            asked = checked(params, route.allowed, heeded=route.heeded)
        except Refusal as refusal:
            return self._refused(call, refusal), headers
        answer = self._carried_out(call, route, named, asked)
        if call.key:
            self._remember(call, call.key, answer)
        return answer, headers

    def _check_caller(self, call: Call) -> None:
        mode = "live" if self.storage.livemode else "test"
        key = call.headers.get("Authorization", "").removeprefix("Bearer ")
        if not key.startswith((f"sk_{mode}_", f"rk_{mode}_")):
            raise Refusal(f"Invalid API Key provided: {key[:8]}", status=401)
        version = call.headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            raise Misuse(f"The stand-in speaks {API_VERSION} only, not {version}.")

    def _find_route(self, call: Call) -> tuple[Route, dict[str, str]]:
        try:
            route, named = MAP.bind("stripe").match(call.path, method=call.method)
        except HTTPException:
            message = f"Unrecognized request URL ({call.method}: {call.path})."
            raise Misuse(message, status=404) from None
        return route, dict(named)

    def _carried_out(self, call: Call, route: Route, named: dict[str, str], asked: dict[str, Any]) -> Answer:
        paths = asked.pop("expand", [])
        try:
            body = expanded(self.storage, route.handler(self.storage, asked, **named), paths)
            response_check.check(body)
        except Refusal as refusal:
            return self._refused(call, refusal)
        except Exception as error:
            self.violations.append(f"{call.method} {call.path}: {''.join(traceback.format_exception(error))}")
            return 500, {"error": {"type": "api_error", "message": f"The stand-in failed: {error!r}"}}
        return 200, body

    def _refused(self, call: Call, refusal: Refusal) -> Answer:
        if isinstance(refusal, Misuse):
            self.violations.append(f"{call.method} {call.path}: {refusal}")
        try:
            response_check.check(refusal.body)
        except response_check.Fiction as fiction:
            self.violations.append(f"{call.method} {call.path}: {fiction}")
        return refusal.status, refusal.body

    def _remember(self, call: Call, key: str, answer: Answer) -> None:
        now = self.storage.clock.now()
        self.keys.remember(key, path=call.path, params=decode(call.encoded), answer=answer, now=now)
