"""The stand-in as one thing to start, use and stop."""

from typing import Self

from tests.stripe_stand_in.api import Api
from tests.stripe_stand_in.control import Control
from tests.stripe_stand_in.faults import Faults
from tests.stripe_stand_in.server import Server
from tests.stripe_stand_in.storage import Storage
from tests.stripe_stand_in.webhook_sender import WebhookSender


class StripeStandIn:
    """A Stripe of one's own: `url` for the SDK's `base_addresses`, `control` for all that people and banks do."""

    def __init__(self, *, port: int = 0, livemode: bool = False) -> None:
        self._server = Server(port)
        self.url = self._server.url
        self._sender = WebhookSender()
        self._faults = Faults()
        storage = Storage(base_url=self.url, livemode=livemode)
        storage.on_event.append(self._sender.take)
        self.api = Api(storage, self._faults)
        self.control = Control(self.api, self._sender)

    def start(self) -> Self:
        self._server.start(self.api, self.control)
        return self

    def stop(self) -> None:
        self._faults.over.set()
        self._sender.stop()
        self._server.stop()

    def check_honest(self) -> None:
        """Fail where anything was asked or answered that the real Stripe would not understand or say."""
        assert self.api.violations == []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
