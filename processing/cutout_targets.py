"""Where `manage.py cutout` reads photos and writes cutouts: files, one folder, or the standard streams."""

import os
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from processing.cutout_names import FALLBACK_STEM

PIPE = "-"
"""Names the standard input as a photo and the standard output as a target."""


def is_folder(output: str, *, photos: int) -> bool:
    """Return whether this output is a folder: several photos, a slash at its end, no ending, or a folder on disk."""
    path = Path(output)
    return output != PIPE and (photos > 1 or output.endswith(_SEPARATORS) or not path.suffix or path.is_dir())


def paths_in(folder: Path, photos: Sequence[str], image_format: str) -> list[Path]:
    """Return one path in the folder for each photo; equal names get a number, and no photo is overwritten."""
    used = {_file_key(Path(photo).name) for photo in photos if _is_in(photo, folder)}
    paths = []
    for photo in photos:
        stem = FALLBACK_STEM if photo == PIPE else Path(photo).stem
        path, number = folder / f"{stem}-cutout.{image_format}", 1
        while _file_key(path.name) in used:
            number += 1
            path = folder / f"{stem}-cutout-{number}.{image_format}"
        used.add(_file_key(path.name))
        paths.append(path)
    return paths


def read_photo(photo: str) -> bytes:
    """Return the bytes of the file, or of the standard input; raise OSError."""
    return sys.stdin.buffer.read() if photo == PIPE else Path(photo).read_bytes()


def write_cutout(target: Path | None, data: bytes) -> None:
    """Write the bytes to the file, or to the standard output without one; raise OSError."""
    if target is not None:
        target.write_bytes(data)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def _is_in(photo: str, folder: Path) -> bool:
    return photo != PIPE and Path(photo).resolve().parent == folder.resolve()


def _file_key(name: str) -> str:
    """Return the same text for names that some file systems treat as one: by letter case and by Unicode form."""
    return unicodedata.normalize("NFC", name).casefold()
