"""What a web process does beside answering: load the model before the first caller needs it, run periodic jobs."""

import logging

import numpy as np

from accounts.errors import ServiceError
from processing.engine import engine
from processing.matting.predict import predict
from processing.scheduler import Scheduler

logger = logging.getLogger(__name__)


def start_background_work() -> Scheduler:
    """Start the scheduler and open the model; a missing model is logged and shown by /readyz, not raised."""
    scheduler = Scheduler()
    scheduler.start()
    try:
        predict(np.zeros((8, 8, 3), np.uint8), engine.session())  # the first run is the slowest: not a caller's
    except ServiceError:
        logger.warning("started_without_model")
    return scheduler
