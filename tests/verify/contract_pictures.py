"""The small real photos that schemathesis sends, and that the server fetches."""

import io

from PIL import Image

from tests.photos import photo_bytes


def small_picture(image_format: str, size: tuple[int, int]) -> bytes:
    """Return a real photo, made small."""
    file = io.BytesIO()
    Image.open(io.BytesIO(photo_bytes("grace_hopper"))).resize(size).save(file, image_format)
    return file.getvalue()


PICTURES = {
    "a.jpg": small_picture("JPEG", (64, 80)),
    "b.png": small_picture("PNG", (40, 48)),
    "c.webp": small_picture("WEBP", (90, 100)),
}
"""Each with a subject that the small model sees."""
