"""All that the stand-in remembers: one seller's objects, in the shapes Stripe sends, and what it does not show."""

import secrets
import string
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.stripe_stand_in.clock import Clock
from tests.stripe_stand_in.errors import missing
from tests.stripe_stand_in.shapes import Object, class_of, complete, keys_of

_SIGNS = string.ascii_letters + string.digits


@dataclass
class Storage:
    """Objects by kind and id. Whoever reads or changes them holds `lock`, so each request is one step."""

    base_url: str
    livemode: bool = False
    clock: Clock = field(default_factory=Clock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    on_event: list[Callable[[Object], None]] = field(default_factory=list)
    request_id: str | None = None
    idempotency_key: str | None = None
    hidden: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    removed: dict[str, Object] = field(default_factory=dict)
    _objects: dict[str, dict[str, Object]] = field(default_factory=lambda: defaultdict(dict))

    def new_id(self, prefix: str) -> str:
        mode = ("live_" if self.livemode else "test_") if prefix == "cs" else ""
        return f"{prefix}_{mode}{''.join(secrets.choice(_SIGNS) for _ in range(24))}"

    def add(self, object_name: str, prefix: str, **fields: Any) -> Object:
        """Remember a new object, with every key its class promises."""
        known = keys_of(class_of(object_name))
        for name, value in (("created", self.clock.now()), ("livemode", self.livemode)):
            if name in known:
                fields.setdefault(name, value)
        fields.setdefault("id", self.new_id(prefix))
        stored = complete(object_name, **fields)
        self._objects[object_name][stored["id"]] = stored
        return stored

    def get(self, object_name: str, wanted_id: str, *, param: str = "id") -> Object:
        """Return one object, or refuse as Stripe does about what it does not have."""
        try:
            return self._objects[object_name][wanted_id]
        except KeyError:
            raise missing(object_name, wanted_id, param=param) from None

    def find(self, wanted_id: str) -> Object | None:
        """Return whatever object has this id, of any kind."""
        return next((objects[wanted_id] for objects in self._objects.values() if wanted_id in objects), None)

    def all(self, object_name: str, **equal: Any) -> list[Object]:
        """Return a kind's objects that have these values, newest first."""
        return [
            found
            for found in reversed(self._objects[object_name].values())
            if all(found[name] == value for name, value in equal.items())
        ]

    def remove(self, stored: Object) -> Object:
        """Forget an object and return what Stripe says of it from then on."""
        del self._objects[stored["object"]][stored["id"]]
        self.removed[stored["id"]] = {"id": stored["id"], "object": stored["object"], "deleted": True}
        return self.removed[stored["id"]]

    def each(self) -> Iterator[Object]:
        for objects in self._objects.values():
            yield from objects.values()
