"""Small real classes for the logic around the network; the network itself is tested with its weights."""

import math

from django.conf import settings

from processing.engine import Engine
from processing.matting.model_catalog import get_model
from processing.matting.session import MattingSession
from tests.processing.matting.fakes import FixedSession, disc_matte


class DiscEngine(Engine):
    """An engine whose model sees a disc, half as wide as the picture, in the middle of everything."""

    def session(self, model: str | None = None, *, at_most_s: float = math.inf) -> MattingSession:
        session = FixedSession(disc_matte(radius=0.25, soft=0.002))
        session.model = get_model(model or settings.MODEL_NAME)
        return session
