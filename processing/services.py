"""The whole story of one paid request."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

from django.conf import settings

from accounts.errors import ServiceError
from accounts.models import ApiKey, User
from billing import pricing
from billing.charging import Charge, free_of_charge, held_credits
from billing.free_usage import FreeCaller
from billing.free_usage_models import FreeKind
from billing.models import CreditAccount
from processing.database_connections import release_connections
from processing.engine import engine
from processing.fetch_limit import fetches
from processing.fetching.errors import FetchFailed
from processing.fetching.fetcher import fetch_picture
from processing.free_calls import budgeted
from processing.matting.deadline import NEVER, Deadline
from processing.matting.decode import OpenedFile, open_file
from processing.matting.errors import UnknownFileType, about_the_backdrop
from processing.matting.header import ImageHeader
from processing.matting.options import CutoutOptions, DecodeLimits, Quality, ResultSize
from processing.matting.pipeline import Cutout, cut_out_opened, no_wait
from processing.matting.preemptible_session import PreemptibleSession
from processing.slots import image_slots, trial_slots


@dataclass(frozen=True, slots=True)
class PictureAddress:
    """Where a picture is to be fetched, and the field that said so."""

    url: str
    field: str


Picture = bytes | PictureAddress


class PictureNotFetched(ServiceError):
    """A picture that a caller named by its address did not come, or is none; the words are always the same."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = FetchFailed.public_text

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(details={field: [self.public_text]})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRequest:
    """One request in our own words, whatever dialect it came in. `backdrop` is put behind the subject.

    A test is free of charge, and its cutout a sample: what a test key sends, and what is asked for `as_test`.
    """

    account: CreditAccount
    picture: Picture
    options: CutoutOptions
    model: str
    limits: DecodeLimits
    backdrop: Picture | None = None
    api_key: ApiKey | None = None
    person: User | None = None
    idempotency_key: str | None = None
    deadline: Deadline = NEVER
    as_test: bool = False

    @property
    def is_test(self) -> bool:
        """Whether it is only a test: nothing is charged."""
        return self.as_test or (self.api_key is not None and self.api_key.is_test)

    @property
    def free_caller(self) -> FreeCaller:
        """Whose budgets it counts against where it is free: the person is who is logged in, or who made the key."""
        made_by = self.api_key.created_by if self.api_key is not None else None
        return FreeCaller(self.account.organization, self.person or made_by)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what was asked: model, options and pictures, however they were spelt or packed.

        Of a picture to be fetched it is the address; its bytes are compared once it was fetched.
        """
        asked = json.dumps({"model": self.model, **asdict(self.options)}, sort_keys=True).encode()
        return hashlib.sha256(asked + _digest(self.picture) + _digest(self.backdrop)).hexdigest()


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


def decode_limits(max_bytes: int | None = None) -> DecodeLimits:
    """Return the configured limits of one image, by default with v1's limit of its bytes."""
    return DecodeLimits(
        max_bytes=settings.MAX_IMAGE_BYTES if max_bytes is None else max_bytes,
        max_pixels=settings.MAX_IMAGE_PIXELS,
        max_side_px=settings.MAX_IMAGE_SIDE_PX,
        max_jpeg_scans=settings.MAX_JPEG_SCANS,
    )


def _let_in(header: ImageHeader) -> None:
    """Let every picture in."""


def remove_background(request: RemovalRequest, *, admit: Callable[[ImageHeader], None] = _let_in) -> RemovalResult:
    """Serve one paid request: nothing is computed that cannot be paid, nothing paid that was not made.

    `admit` is told what the picture is as soon as its header was read, and may refuse it. Pictures named by their
    address are fetched for who can pay.
    """
    image = _received_if_here(request.picture, request.limits)
    with about_the_backdrop():
        backdrop = _received_if_here(request.backdrop, request.limits)
    if image is not None:
        _admit(image.opened, request, admit)
    with (
        _charge_for(request) as charge,
        budgeted(_free_kind(request, charge), request.free_caller, has_deadline=request.deadline.is_set),
    ):
        if image is None:
            image = _received(request.picture, request)
            _admit(image.opened, request, admit)
        if backdrop is None and request.backdrop is not None:
            with about_the_backdrop():
                backdrop = _received(request.backdrop, request)
        charge.bind_images(_digest_of(image, backdrop))
        # Before the slot: opening a model takes seconds, in which others can use the slot.
        release_connections()
        session = engine.session(request.model, at_most_s=request.deadline.left_s)
        with image_slots.acquire(
            request.account.organization_id,
            is_free=charge.is_free,
            at_most_s=request.deadline.left_s,
        ):
            cutout = cut_out_opened(
                image.opened,
                request.options,
                session=PreemptibleSession(session, image_slots.step_aside) if charge.is_free else session,
                limits=request.limits,
                backdrop=None if backdrop is None else backdrop.opened,
                deadline=request.deadline,
                is_sample=request.is_test,
                before_step=image_slots.step_aside if charge.is_free else no_wait,
            )
        request.deadline.check()
    return RemovalResult(
        cutout=cutout,
        credits_charged=charge.credits_charged,
        is_replay=charge.is_replay,
        model=session.model.name,
        quality=request.options.quality,
    )


def preview(picture: bytes, *, side_px: int, admit: Callable[[ImageHeader], None] = _let_in) -> Cutout:
    """Make a small cutout for somebody who pays nothing, when nobody who pays needs the slot; the ledger never hears.

    `admit` is asked once the picture was recognised and the slot is ours.
    """
    limits = decode_limits()
    opened = open_file(picture, limits)
    options = CutoutOptions(size=ResultSize(max_side_px=side_px))
    with trial_slots.acquire(), image_slots.take_idle():
        admit(opened.header)
        release_connections()
        session = PreemptibleSession(engine.session(), image_slots.step_aside)
        return cut_out_opened(opened, options, session=session, limits=limits, before_step=image_slots.step_aside)


def _charge_for(request: RemovalRequest) -> AbstractContextManager[Charge]:
    """Return what the work is done in: the price is held around it, unless it is a test."""
    if request.is_test:
        return free_of_charge()
    return held_credits(
        request.account,
        amount=pricing.CREDITS_PER_IMAGE,
        idempotency_key=request.idempotency_key,
        fingerprint=request.fingerprint,
        api_key=request.api_key,
    )


def _free_kind(request: RemovalRequest, charge: Charge) -> FreeKind | None:
    """Return why the work is free; None where it is charged."""
    if request.is_test:
        return FreeKind.TEST
    return FreeKind.REPLAY if charge.is_replay else None


@dataclass(frozen=True, slots=True)
class _Received:
    """An image file that is here, with its header read and the SHA-256 of its bytes."""

    opened: OpenedFile
    sha256: bytes


def _read(image_bytes: bytes, limits: DecodeLimits) -> _Received:
    return _Received(open_file(image_bytes, limits), hashlib.sha256(image_bytes).digest())


def _received_if_here(picture: Picture | None, limits: DecodeLimits) -> _Received | None:
    """Return the picture with its header read; None where there is none, or it is still to be fetched."""
    return _read(picture, limits) if isinstance(picture, bytes) else None


def _received(picture: Picture, request: RemovalRequest) -> _Received:
    """Return the picture with its header read, fetched first where it is named by its address."""
    if isinstance(picture, bytes):
        return _read(picture, request.limits)
    left_s = request.deadline.left_s if request.deadline.is_set else None
    release_connections()
    try:
        with fetches.enter(request.account.organization_id):
            fetched = fetch_picture(picture.url, max_bytes=request.limits.max_bytes, deadline_s=left_s)
        return _read(fetched, request.limits)
    except (FetchFailed, UnknownFileType):
        request.deadline.check()
        raise PictureNotFetched(picture.field) from None


def _digest_of(image: _Received, backdrop: _Received | None) -> str:
    """Return the SHA-256 (hex) over the digests of the image and of its background."""
    return hashlib.sha256(image.sha256 + (backdrop.sha256 if backdrop else b"")).hexdigest()


def _admit(opened: OpenedFile, request: RemovalRequest, admit: Callable[[ImageHeader], None]) -> None:
    """Refuse what the header alone is enough to refuse."""
    if request.options.region is not None:
        request.options.region.bounds_in(opened.header.height, opened.header.width)
    admit(opened.header)


def _digest(picture: Picture | None) -> bytes:
    if picture is None:
        return b""
    told = picture if isinstance(picture, bytes) else f"url {picture.url}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).digest()
