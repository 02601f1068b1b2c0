"""A session for work that is free of charge."""

from collections.abc import Callable

from processing.matting.arrays import Matte, Tensor
from processing.matting.deadline import NEVER, Deadline
from processing.matting.errors import Preempted
from processing.matting.model_catalog import ModelRow
from processing.matting.session import MattingSession

MAX_PREEMPTIONS = 3
"""A run that was preempted so often goes to its end, so that each call ends, and costs at most that many runs more."""


class PreemptibleSession:
    """Runs the network when nobody else wants it: a run is preempted by those of other sessions, and begun again."""

    def __init__(self, session: MattingSession, before_run: Callable[[], None]) -> None:
        self._session = session
        self._before_run = before_run
        """May wait for other work to finish."""

    @property
    def model(self) -> ModelRow:
        """The row of the model that runs here."""
        return self._session.model

    def run(self, tensor: Tensor, deadline: Deadline = NEVER, *, is_preemptible: bool = True) -> Matte:
        """Return the matte as the session does; raise TooSlow when it does not come by the deadline."""
        for _ in range(MAX_PREEMPTIONS if is_preemptible else 0):
            self._before_run()
            try:
                return self._session.run(tensor, deadline, is_preemptible=True)
            except Preempted:
                deadline.check()
        return self._session.run(tensor, deadline)
