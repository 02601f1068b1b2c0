"""What a web process does beside answering: load the model before the first caller needs it, run periodic jobs."""

import time

import numpy as np

from accounts.errors import ServiceError
from processing.engine import RETRY_AFTER_S, engine
from processing.matting.errors import MattingError
from processing.matting.predict import predict
from processing.recharger import Recharger
from processing.scheduler import Scheduler


def start_background_work() -> Scheduler:
    """Start what works by itself and open the model; one that is missing is looked for again until it is there."""
    scheduler = Scheduler()
    scheduler.start()
    Recharger().start()
    while not engine.status().is_ready:
        try:
            predict(np.zeros((8, 8, 3), np.uint8), engine.session())  # the first run is the slowest: not a caller's
        except (ServiceError, MattingError):
            time.sleep(RETRY_AFTER_S)
    return scheduler
