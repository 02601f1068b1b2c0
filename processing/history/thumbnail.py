"""A small picture of a result, for the grid of the history page."""

import io
import threading

from PIL import Image

SIDE_PX = 320
CONTENT_TYPE = "image/webp"
_QUALITY = 80
# A picture of fifty megapixels takes 200 MB opened: one at a time.
_turn = threading.Lock()


def thumbnail(data: bytes) -> bytes | None:
    """Return a small WebP that is transparent where the picture is; None for what is no picture, such as a ZIP."""
    with _turn:
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
                # Straight alpha: averaged as it is, colours that nobody sees would bleed into the edge.
                small = picture.convert("RGBa" if picture.mode == "RGBA" else "RGB")
            small.thumbnail((SIDE_PX, SIDE_PX))
            file = io.BytesIO()
            small.convert("RGBA" if small.mode == "RGBa" else "RGB").save(file, "WEBP", quality=_QUALITY)
        except (OSError, ValueError, Image.DecompressionBombError):
            return None
    return file.getvalue()
