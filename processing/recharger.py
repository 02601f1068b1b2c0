"""The thread that buys packs as soon as credits run low, so that neither a customer nor the periodic look waits."""

import logging
import threading

from django.db import close_old_connections
from django.utils import timezone

from billing import recharge_bell, recharge_mails, recharging

logger = logging.getLogger(__name__)

PAUSE_S = 1.0
"""However often the bell is rung: one look at the accounts a second."""


class Recharger(threading.Thread):
    """A daemon thread that waits for the bell until told to stop."""

    def __init__(self) -> None:
        super().__init__(name="recharger", daemon=True)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Buy whenever the bell was rung."""
        while not self._stopping.is_set():
            if recharge_bell.wait() and not self._stopping.is_set():
                self._buy()
            self._stopping.wait(PAUSE_S)

    def stop(self) -> None:
        """Let the thread end after what it is in."""
        self._stopping.set()
        recharge_bell.ring()

    def _buy(self) -> None:
        close_old_connections()
        try:
            now = timezone.now()
            if recharging.start_due(now):
                recharge_mails.send_news(now)
        except Exception:
            logger.exception("recharger_failed")  # the periodic look tries again
        close_old_connections()
