"""Where kept results lie: Django's storage `history`, which no address of ours leads into."""

import shutil
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages

_THUMBNAIL = "-thumbnail"


class NoRoom(Exception):
    """The storage would not have enough left for everything else on its disk."""


def history_storage() -> Storage:
    """Return the storage as the settings name it."""
    return storages["history"]


def thumbnail_of(name: str) -> str:
    """Return what the small picture beside a result is called."""
    return name + _THUMBNAIL


def write(name: str, data: bytes) -> None:
    """Store these bytes under this very name."""
    storage = history_storage()
    stored = storage.save(name, ContentFile(data))
    if stored != name:
        storage.delete(stored)
        raise FileExistsError(name)


def read(name: str) -> "File[bytes]":
    """Return the opened file; raise what the storage raises where it is not there."""
    return history_storage().open(name)


def remove(name: str) -> None:
    """Delete a result and the small picture beside it; what is not there is fine."""
    storage = history_storage()
    storage.delete(thumbnail_of(name))
    storage.delete(name)


def files_stored() -> set[str]:
    """Return what every file in the storage is called, small pictures as well."""
    try:
        _folders, files = history_storage().listdir("")
    except FileNotFoundError:  # nothing was ever kept
        return set()
    return set(files)


def result_of(file: str) -> str:
    """Return the name of the result that a file belongs to: it is the file, or the small picture beside it."""
    return file.removesuffix(_THUMBNAIL)


def refuse_without_room(size_bytes: int, *, leaves_free_bytes: int) -> None:
    """Raise NoRoom where a disk would be left with less than this; storages elsewhere know for themselves."""
    try:
        folder = Path(history_storage().path(""))
    except NotImplementedError:
        return
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free - size_bytes < leaves_free_bytes:
        raise NoRoom
