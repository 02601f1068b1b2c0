"""The whole story of one paid request."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.conf import settings

from billing import pricing
from billing.charging import held_credits
from billing.models import CreditAccount
from processing.engine import engine
from processing.matting.decode import open_file
from processing.matting.options import CutoutOptions, DecodeLimits, Quality
from processing.matting.pipeline import Cutout, cut_out_opened
from processing.slots import image_slots


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRequest:
    """One request in our own words, whatever dialect it came in."""

    account: CreditAccount
    image_bytes: bytes
    options: CutoutOptions
    model: str
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what was asked: model, options and the file's bytes, however they were spelt or packed."""
        asked = json.dumps({"model": self.model, **asdict(self.options)}, sort_keys=True).encode()
        return hashlib.sha256(asked + hashlib.sha256(self.image_bytes).digest()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalResult:
    """The cutout, what it cost and whether this was a free repetition."""

    cutout: Cutout
    credits_charged: int
    is_replay: bool
    model: str
    quality: Quality

    @property
    def timings_ms(self) -> Mapping[str, int]:
        """Milliseconds of each stage."""
        return self.cutout.timings_ms


def decode_limits() -> DecodeLimits:
    """Return the configured limits of one image."""
    return DecodeLimits(
        max_bytes=settings.MAX_IMAGE_BYTES,
        max_pixels=settings.MAX_IMAGE_PIXELS,
        max_side_px=settings.MAX_IMAGE_SIDE_PX,
        max_jpeg_scans=settings.MAX_JPEG_SCANS,
    )


def remove_background(request: RemovalRequest) -> RemovalResult:
    """Serve one paid request: nothing is computed that cannot be paid, nothing paid that was not made."""
    opened = open_file(request.image_bytes, decode_limits())
    with (
        held_credits(
            request.account,
            amount=pricing.CREDITS_PER_IMAGE,
            idempotency_key=request.idempotency_key,
            fingerprint=request.fingerprint,
        ) as charge,
        image_slots.acquire(),
    ):
        # Here, so that only who can pay has a model opened, and no more of them are in work than there are slots.
        session = engine.session(request.model)
        cutout = cut_out_opened(opened, request.options, session=session)
    return RemovalResult(
        cutout=cutout,
        credits_charged=charge.credits_charged,
        is_replay=charge.is_replay,
        model=session.model.name,
        quality=request.options.quality,
    )
