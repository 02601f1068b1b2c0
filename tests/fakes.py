"""Small real classes for the logic around the network; the network itself is tested with its weights."""

from processing.engine import Engine
from processing.matting.session import MattingSession
from tests.processing.matting.fakes import FixedSession, disc_matte


class DiscEngine(Engine):
    """An engine whose model sees a disc, half as wide as the picture, in the middle of everything."""

    def session(self) -> MattingSession:
        return FixedSession(disc_matte(radius=0.25, soft=0.002))
