"""The operator's logo: one file, looked at when the server starts, so that nothing else is ever served."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MOST_BYTES = 512 * 1024
_KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


@dataclass(frozen=True, slots=True)
class Logo:
    """The file and what it is."""

    data: bytes
    content_type: str

    @property
    def version(self) -> str:
        """What changes with the file, for its address."""
        return sha256(self.data).hexdigest()[:12]


@cache
def read_logo(path: Path) -> Logo:
    """Return the logo; raise ImproperlyConfigured where the file is none, without showing what is in it."""
    try:
        data = path.read_bytes()[: MOST_BYTES + 1]
    except OSError as error:
        raise ImproperlyConfigured(f"BRAND_LOGO: {path} cannot be read ({error.strerror}).") from None
    if len(data) > MOST_BYTES:
        raise ImproperlyConfigured(f"BRAND_LOGO: {path} is larger than {MOST_BYTES} bytes.")
    content_type = _kind_of(data)
    if content_type is None:
        raise ImproperlyConfigured(f"BRAND_LOGO: {path} is no SVG, PNG, JPEG or WebP picture.")
    return Logo(data, content_type)


def _kind_of(data: bytes) -> str | None:
    for start, kind in _KINDS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "image/svg+xml" if head.startswith((b"<svg", b"<?xml", b"<!--")) and b"<svg" in data[:4096] else None
