"""Settings to one loaded model per process, shared by its threads and opened after any fork."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from accounts.errors import ServiceError
from processing import weights
from processing.matting.errors import ModelUnusable
from processing.matting.model_catalog import get_model
from processing.matting.session import MattingSession, open_session

logger = logging.getLogger(__name__)

# A failed opening is tried again by later requests, but not by each of them: reading 88 MB takes a while.
RETRY_AFTER_S = 10


class ModelNotReady(ServiceError):
    """The model's weights are missing, altered or unusable; the operator must act."""

    code, status, is_our_fault = "service_unavailable", 503, True
    public_text = "The service is not ready to process images. Nothing was charged; please try again later."


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What readiness says about the model."""

    model: str
    state: Literal["loading", "ready", "missing", "altered", "unusable"]
    digest: str | None = None
    precision: str | None = None
    problem: str | None = None
    """For the operator's eyes: it names files."""

    @property
    def is_ready(self) -> bool:
        """Whether images can be worked on."""
        return self.state == "ready"


class Engine:
    """Opens the configured model once and hands out its session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: MattingSession | None = None
        self._status = EngineStatus(settings.MODEL_NAME, "loading")
        self._failed_at: float | None = None

    def session(self) -> MattingSession:
        """Return the opened session; raise ModelNotReady while there is none."""
        if self._session is None:
            with self._lock:
                if self._session is None and not self._failed_lately():
                    self._open()
        if self._session is None:
            raise ModelNotReady(retry_after_s=RETRY_AFTER_S)
        return self._session

    def status(self) -> EngineStatus:
        """Return what is loaded, without loading anything."""
        return self._status

    def _failed_lately(self) -> bool:
        return self._failed_at is not None and time.monotonic() - self._failed_at < RETRY_AFTER_S

    def _open(self) -> None:
        model = get_model(settings.MODEL_NAME)
        try:
            verified = weights.load_verified(model, settings.MODEL_CACHE_DIR)
            self._session = open_session(verified.data, model, threads=settings.INFERENCE_THREADS)
        except weights.WeightsMissing as error:
            self._note_failure(EngineStatus(model.name, "missing", problem=str(error)))
        except weights.WeightsAltered as error:
            self._note_failure(EngineStatus(model.name, "altered", problem=str(error)))
        except ModelUnusable as error:
            self._note_failure(EngineStatus(model.name, "unusable", problem=error.details or str(error)))
        else:
            artifact = verified.artifact
            self._status = EngineStatus(model.name, "ready", digest=artifact.digest, precision=artifact.precision)
            logger.info("model_ready", extra={"model": model.name, "digest": artifact.digest})

    def _note_failure(self, status: EngineStatus) -> None:
        self._failed_at = time.monotonic()
        self._status = status
        logger.error("model_not_ready", extra={"model": status.model, "problem": status.problem})


engine = Engine()
