"""The pictures that rows send, by name: `subject.png` and its kin, `1000x500.png` of any size, and broken ones."""

import functools
import io
import re
import zlib

from PIL import Image, ImageDraw

from tests.conformance.rows import BLUE, PLACE, RED, YELLOW, Box

GROUND = (0, 150, 60)
PLACES: dict[str, Box] = {
    "subject": PLACE,
    "off_centre": (15, 10, 150, 100),
    "tall": (112, 20, 75, 160),
}
"""Where the subject of a picture of 300 x 200 is; the engines of worlds.py see it there."""

MEBIBYTE = 1024 * 1024
_SIZED = re.compile(r"(\d+)x(\d+)")


@functools.lru_cache(maxsize=16)
def picture(name: str) -> bytes:
    """Return the file of this name."""
    stem, _, suffix = name.rpartition(".")
    if stem in PLACES:
        return _encoded(_with_subject((300, 200), PLACES[stem]), suffix)
    if sized := _SIZED.fullmatch(stem):
        width, height = int(sized[1]), int(sized[2])
        return _encoded(_with_subject((width, height), (width // 4, height // 4, width // 2, height // 2)), suffix)
    return _ODD[name]()


def _with_subject(size: tuple[int, int], place: Box) -> Image.Image:
    image = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(image)
    left, top, width, height = place
    box = (left, top, left + width - 1, top + height - 1)
    draw.pieslice(box, 90, 270, fill=RED)
    draw.pieslice(box, 270, 90, fill=BLUE)
    return image


def _encoded(image: Image.Image, suffix: str) -> bytes:
    file = io.BytesIO()
    image_format = {"jpg": "JPEG"}.get(suffix, suffix.upper())
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(image_format, {})
    image.save(file, image_format, **options)
    return file.getvalue()


def _plain(width: int, height: int, mode: str = "RGB") -> bytes:
    return _encoded(Image.new(mode, (width, height)), "png")


def _in_three(horizontally: bool) -> bytes:
    """Return a background of white, yellow and black thirds: only a centred cover shows nothing but yellow."""
    size, step = ((90, 20), (30, 0)) if horizontally else ((30, 60), (0, 20))
    image = Image.new("RGB", size, "black")
    draw = ImageDraw.Draw(image)
    third = (size[0] // 3 if horizontally else size[0], size[1] if horizontally else size[1] // 3)
    for number, colour in enumerate(((255, 255, 255), YELLOW)):
        left, top = number * step[0], number * step[1]
        draw.rectangle((left, top, left + third[0] - 1, top + third[1] - 1), fill=colour)
    return _encoded(image, "png")


def _weighing(size_bytes: int) -> bytes:
    """Return subject.png made this heavy by a chunk that decoders pass over."""
    whole = picture("subject.png")
    end = whole.index(b"IEND") - 4
    content = bytes(size_bytes - len(whole) - 12)
    chunk = b"prVt" + content
    made = len(content).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return whole[:end] + made + whole[end:]


_ODD = {
    "text.txt": lambda: b"This is a letter, not a picture.",
    "page.html": lambda: b"<!doctype html><title>Not found</title>",
    "empty.png": lambda: b"",
    "cut_short.jpg": lambda: picture("subject.jpg")[:-2500],
    "head_only.png": lambda: b"\x89PNG\r\n\x1a\n",
    "22_000_000_bytes.png": lambda: _weighing(22_000_000),
    "22_000_001_bytes.png": lambda: _weighing(22_000_001),
    "20_mib.png": lambda: _weighing(20 * MEBIBYTE),
    "20_mib_and_a_byte.png": lambda: _weighing(20 * MEBIBYTE + 1),
    "over_50_mp.png": lambda: _plain(8000, 6251, "1"),
    "16385_wide.png": lambda: _plain(16_385, 10, "1"),
    "flat.png": lambda: _plain(300, 200),
    "thirds_across.png": lambda: _in_three(horizontally=True),
    "thirds_down.png": lambda: _in_three(horizontally=False),
}
