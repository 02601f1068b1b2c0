"""Settings to loaded models: each allowed one opened once per process, after any fork, and shared by its threads."""

import logging
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError
from processing import weights
from processing.matting.errors import ModelUnusable
from processing.matting.model_catalog import Artifact, ModelRow, get_model
from processing.matting.prepared_graph import PREPARED
from processing.matting.session import MattingSession, open_session

logger = logging.getLogger(__name__)

CANNOT_RUN = frozenset({"missing", "altered", "unusable"})
"""The states in which a request for a model is refused."""

# A failed opening is tried again by later requests, but not by each of them: reading 88 MB takes a while.
RETRY_AFTER_S = 10

KEPT_OPEN_S = 10.0
"""An extra model is not closed for another one sooner, so that callers in turn do not open one for each call."""


class ModelNotReady(ServiceError):
    """The model's weights are missing, altered or unusable; the operator must act."""

    code, status, is_our_fault = "service_unavailable", 503, True
    public_text = _("The service is not ready to process images. Nothing was charged; please try again later.")


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What readiness says about a model; a `closed` one lies there and is opened by the first request for it."""

    model: str
    state: Literal["loading", "closed", "ready", "missing", "altered", "unusable"]
    digest: str | None = None
    precision: str | None = None
    provider: str | None = None
    """What runs it: a name of execution_providers.PROVIDERS."""
    problem: str | None = None
    """For the operator's eyes: it names files."""

    @property
    def is_ready(self) -> bool:
        """Whether images can be worked on."""
        return self.state == "ready"


class _Opening:
    """One model: its session while it is open, and how the last opening went. The engine opens and closes it."""

    def __init__(self, model: ModelRow) -> None:
        self._model = model
        self._failed_at: float | None = None
        self.session: MattingSession | None = None
        self.opened_at = self.last_used_at = 0.0
        self.status = EngineStatus(model.name, "loading")

    @property
    def is_here(self) -> bool:
        """Whether a file of the model lies here, right or altered."""
        return weights.is_present(self._model, settings.MODEL_CACHE_DIR)

    @property
    def failed_lately(self) -> bool:
        """Whether the last opening failed a moment ago, so that the next one should wait."""
        return self._failed_at is not None and time.monotonic() - self._failed_at < RETRY_AFTER_S

    @property
    def may_close_in_s(self) -> float:
        """Seconds until the open model may be closed for another one; 0 when it may be now."""
        return max(0.0, self.opened_at + KEPT_OPEN_S - time.monotonic())

    def close(self) -> None:
        """Let the session go; whoever still works with it keeps it until the work is done."""
        self.session = None
        self.status = EngineStatus(self._model.name, "closed")

    def open(self) -> None:
        """Open the session, or note in `status` why it cannot be."""
        model = self._model
        try:
            verified = weights.load_verified(model, settings.MODEL_CACHE_DIR)
            session = open_session(
                verified.data,
                model,
                threads=settings.INFERENCE_THREADS,
                provider=settings.EXECUTION_PROVIDER,
                prepared_folder=settings.MODEL_CACHE_DIR / PREPARED,
                digest=verified.artifact.digest,
            )
        except weights.WeightsMissing as error:
            self._note_failure(EngineStatus(model.name, "missing", problem=str(error)))
        except weights.WeightsAltered as error:
            self._note_failure(EngineStatus(model.name, "altered", problem=str(error)))
        except ModelUnusable as error:
            self._note_failure(EngineStatus(model.name, "unusable", problem=error.details or str(error)))
        else:
            self.session = session
            self.opened_at = time.monotonic()
            self._note_success(verified.artifact, session.provider)

    def _note_success(self, artifact: Artifact, provider: str) -> None:
        self.status = EngineStatus(
            self._model.name, "ready", digest=artifact.digest, precision=artifact.precision, provider=provider
        )
        logger.info("model_ready", extra={"model": self._model.name, "digest": artifact.digest, "provider": provider})

    def _note_failure(self, status: EngineStatus) -> None:
        self._failed_at = time.monotonic()
        self.status = status
        logger.error("model_not_ready", extra={"model": status.model, "problem": status.problem})


class Engine:
    """Hands out the sessions of the allowed models.

    The default model, once opened, stays open. Of the others at most EXTRA_MODELS_OPEN do: before one more is opened,
    the one that was asked for longest ago is closed, after it was open for KEPT_OPEN_S. So at most EXTRA_MODELS_OPEN
    are opened in that time, whatever callers ask for. A closed one keeps its memory until the images in work with it
    are done.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._openings: dict[str, _Opening] = {}
        # One opening at a time, whatever the model: it takes more memory than what it opens, and two that count the
        # open models at once would both find room. Held to open and close, never to hand out what is open.
        self._one_opens = threading.Lock()

    def session(self, model: str | None = None, *, at_most_s: float = math.inf) -> MattingSession:
        """Return the opened session of an allowed model, by default of MODEL_NAME; raise ModelNotReady.

        Waits for another opening, or for room, up to SLOT_WAIT_S or `at_most_s` seconds: call it without a slot.
        """
        name = settings.MODEL_NAME if model is None else model
        if name not in settings.ALLOWED_MODELS:
            raise ValueError(f"{name} is not one of ALLOWED_MODELS.")
        opening = self._opening(name)
        session = opening.session or self._wait_until_open(name, opening, min(settings.SLOT_WAIT_S, at_most_s))
        opening.last_used_at = time.monotonic()
        return session

    def status(self, model: str | None = None) -> EngineStatus:
        """Return what is known of a model, by default of MODEL_NAME, without loading anything."""
        name = settings.MODEL_NAME if model is None else model
        with self._lock:
            opening = self._openings.get(name)
        if opening is not None:
            return opening.status
        if name == settings.MODEL_NAME:
            return EngineStatus(name, "loading")
        is_here = weights.is_present(get_model(name), settings.MODEL_CACHE_DIR)
        return EngineStatus(name, "closed" if is_here else "missing")

    def statuses(self) -> Mapping[str, EngineStatus]:
        """Return the status of each allowed model by its name."""
        return {name: self.status(name) for name in settings.ALLOWED_MODELS}

    def _opening(self, name: str) -> _Opening:
        with self._lock:
            if name not in self._openings:
                self._openings[name] = _Opening(get_model(name))
            return self._openings[name]

    def _wait_until_open(self, name: str, opening: _Opening, wait_s: float) -> MattingSession:
        """Open the model as soon as no other is being opened and there is room for it; raise ModelNotReady."""
        ends = time.monotonic() + wait_s
        while True:
            left_s = max(0.0, ends - time.monotonic())
            if opening.failed_lately or not self._one_opens.acquire(timeout=left_s):
                raise _not_ready(name, RETRY_AFTER_S)
            try:
                room_in_s = self._open_if_room(name, opening)
                session = opening.session
            finally:
                self._one_opens.release()
            if session is not None:
                return session
            if not room_in_s or room_in_s > ends - time.monotonic():
                raise _not_ready(name, math.ceil(room_in_s) or RETRY_AFTER_S)
            time.sleep(room_in_s)

    def _open_if_room(self, name: str, opening: _Opening) -> float:
        """Open the model, or note why it cannot be; return the seconds after which to try again."""
        if opening.session is not None or opening.failed_lately:
            return 0.0
        if name != settings.MODEL_NAME and opening.is_here and (room_in_s := self._make_room()):
            return room_in_s
        opening.open()
        return 0.0

    def _make_room(self) -> float:
        """Close extra models until one more may be open; return the seconds until that is possible, 0 where it was."""
        with self._lock:
            extras = [opening for name, opening in self._openings.items() if name != settings.MODEL_NAME]
        are_open = sorted((o for o in extras if o.session is not None), key=lambda opening: opening.last_used_at)
        oldest = are_open[: max(0, len(are_open) + 1 - settings.EXTRA_MODELS_OPEN)]
        room_in_s = max((opening.may_close_in_s for opening in oldest), default=0.0)
        if not room_in_s:
            for opening in oldest:
                opening.close()
        return room_in_s


def _not_ready(name: str, retry_after_s: int) -> ModelNotReady:
    """Return the refusal, which names the model to callers who can choose another."""
    if len(settings.ALLOWED_MODELS) == 1:
        return ModelNotReady(retry_after_s=retry_after_s)
    return ModelNotReady(
        f"The model {name} is not ready on this server. Nothing was charged; choose another one in the field `model`, "
        "or try again later.",
        retry_after_s=retry_after_s,
    )


engine = Engine()
