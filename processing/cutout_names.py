"""What a cutout is called beside its photo."""

from pathlib import PurePath

FALLBACK_STEM = "photo"
_MOST_LETTERS = 200
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/zip": "zip"}


def name_beside(photo: str, content_type: str) -> str:
    """Return the cutout's name: `cat.jpg` becomes `cat-cutout.png`, and what has no name `photo-cutout.png`."""
    stem = "".join(letter for letter in PurePath(photo).stem if letter.isprintable())[:_MOST_LETTERS]
    return f"{stem or FALLBACK_STEM}-cutout.{_ENDINGS.get(content_type, 'png')}"
