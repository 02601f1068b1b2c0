"""What a cutout is called beside its photo."""

import re
import unicodedata
from pathlib import PurePath

FALLBACK_STEM = "photo"
_MOST_LETTERS = 200
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/zip": "zip"}
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)


def name_beside(photo: str, content_type: str) -> str:
    """Return the cutout's name: `cat.jpg` becomes `cat-cutout.png`, and what has no name `photo-cutout.png`."""
    stem = "".join(letter for letter in PurePath(photo).stem if letter.isprintable())[:_MOST_LETTERS]
    return allowed_name(f"{stem or FALLBACK_STEM}-cutout.{_ENDINGS.get(content_type, 'png')}")


def allowed_name(name: str) -> str:
    """Return the file name with `_` for the characters and before the device names that Windows forbids."""
    allowed = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    return f"_{allowed}" if _RESERVED.match(allowed) else allowed
