"""Asks the network what is the subject, and decides whether a transparent picture keeps the alpha that it came with.

A cutout keeps it: its background is gone already. A photo whose corners or edges are transparent is cut out like any
other. The network is first shown such pictures over a contrasting color and with a margin; if it calls the outline of
the visible part background, there is background left to remove. docs/decisions/0010 has the measurements.
"""

from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Mask, Matte, Rgb8
from processing.matting.confidence import matte_confidence
from processing.matting.deadline import NEVER, Deadline
from processing.matting.decode import Photo
from processing.matting.input_alpha import (
    contrasting_color,
    outline_of,
    rectangle_sides_share,
    show,
    stretched,
    visible_part,
)
from processing.matting.predict import has_subject, predict
from processing.matting.resample import resized, resized_to_unit
from processing.matting.session import MattingSession

# On each side, in parts of the network's side. Letters that filled their picture were not seen without a margin.
MARGIN_OF_SIDE = 1 / 8
# Background is left if the network calls this share of the outline background: of a rectangle, which a photo is with
# round corners or a transparent border, and of any other shape, which a cutout is more often.
MIN_BACKGROUND_OF_RECTANGLE = 0.25
MIN_BACKGROUND_OF_SHAPE = 0.5
# A photo is cut off sharply: this share of the outline must be opaque.
MIN_OPAQUE_OUTLINE = 0.5
OPAQUE_FROM = 0.95
# A rectangle lies along this share of the sides of its bounding rectangle.
MIN_RECTANGLE_SIDES = 0.5
# Other shapes are photos only if the network is this sure of the subject. Of lettering it often sees only a part.
MIN_CONFIDENCE = 0.8


class Judgment(NamedTuple):
    """The matte (side, side), 0..1, whether it holds a subject, and what to do with the picture's own alpha.

    With `keeps_alpha` that alpha is the result, unchanged. `confidence` is 0..1, 0 without a subject. `backdrop` is the
    color that a transparent picture was shown over.
    """

    matte: Matte
    has_subject: bool
    confidence: float
    keeps_alpha: bool = False
    backdrop: tuple[int, int, int] | None = None

    def shown(self, photo: Photo) -> Rgb8:
        """Return the photo, at any size, as the network saw it."""
        if photo.alpha is None or self.backdrop is None:
            return photo.rgb
        return show(photo.rgb, photo.alpha, self.backdrop)


def judge(
    photo: Photo,
    session: MattingSession,
    *,
    has_hole: bool,
    looks_twice: bool = False,
    deadline: Deadline = NEVER,
) -> Judgment:
    """Return what is the subject of the photo; raise TooSlow as `predict` does.

    A transparent photo comes without its transparent border; `has_hole` is of the photo with it, and costs a run of
    the network more where background is left.
    """
    look = partial(predict, session=session, looks_twice=looks_twice, deadline=deadline)
    if photo.alpha is None:
        return _judged(look(photo.rgb))
    backdrop = contrasting_color(photo.rgb, photo.alpha)
    shown = show(photo.rgb, photo.alpha, backdrop)
    if has_hole:
        framed = _with_margin(shown, session.model.input_size, backdrop)
        matte = _without_margin(predict(framed, session, deadline=deadline))
        if not _has_background_left(photo.alpha, matte):
            return _kept(photo.alpha, matte)
    # Without the margin, for in a frame the network finds less of a photo's subject.
    matte = look(shown)
    if has_hole and not has_subject(matte):
        return _kept(photo.alpha, matte)
    return _judged(matte, backdrop)


def _judged(matte: Matte, backdrop: tuple[int, int, int] | None = None) -> Judgment:
    is_found = has_subject(matte)
    return Judgment(matte, is_found, matte_confidence(matte) if is_found else 0.0, backdrop=backdrop)


def _kept(opacity: Alpha8, seen: Matte) -> Judgment:
    """Return the judgment that the visible part is the subject, as sure as the network is of what it saw of it.

    If it saw nothing, the picture's alpha is read as a matte of its own.
    """
    matte = seen if has_subject(seen) else resized_to_unit(stretched(opacity), (seen.shape[0], seen.shape[1]))
    return Judgment(matte, has_subject=True, confidence=matte_confidence(matte), keeps_alpha=True)


def _has_background_left(opacity: Alpha8, matte: Matte) -> bool:
    """Whether the network sees a subject in the visible part and background along much of its outline."""
    if not has_subject(matte):
        return False
    own = resized_to_unit(stretched(opacity), (matte.shape[0], matte.shape[1]))
    visible = visible_part(own)
    share = _background_share(matte, own, outline_of(visible))
    if rectangle_sides_share(visible) >= MIN_RECTANGLE_SIDES:
        return share >= MIN_BACKGROUND_OF_RECTANGLE
    return share >= MIN_BACKGROUND_OF_SHAPE and matte_confidence(matte) >= MIN_CONFIDENCE


def _background_share(matte: Matte, own: Matte, outline: Mask) -> float:
    """Return which part of the opaque outline the network calls background; 0 if most of the outline is soft."""
    opaque = outline & (own >= OPAQUE_FROM)
    count = int(np.count_nonzero(opaque))
    if count == 0 or count < MIN_OPAQUE_OUTLINE * int(np.count_nonzero(outline)):
        return 0.0
    return int(np.count_nonzero(matte[opaque] < 0.5)) / count


def _with_margin(picture: Rgb8, side: int, backdrop: tuple[int, int, int]) -> Rgb8:
    """Return the picture squeezed into the middle of the network's square of `side` px."""
    margin = _margin_px(side)
    squeezed = np.rint(resized(picture, (side - 2 * margin, side - 2 * margin))).astype(np.uint8)
    framed = cv2.copyMakeBorder(squeezed, *(4 * (margin,)), cv2.BORDER_CONSTANT, value=backdrop)
    return np.asarray(framed, np.uint8)


def _without_margin(matte: Matte) -> Matte:
    margin = _margin_px(matte.shape[0])
    return np.ascontiguousarray(matte[margin:-margin, margin:-margin])


def _margin_px(side: int) -> int:
    return round(MARGIN_OF_SIDE * side)
