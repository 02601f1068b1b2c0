"""Photos with a reference matte, laid out as SET/images/NAME.{jpg,png} and SET/alpha/NAME.png."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, slots=True)
class Sample:
    """One photo and the matte it should get."""

    set_name: str
    name: str
    photo: Path
    reference: Path

    def reference_matte(self) -> NDArray[np.float64]:
        """Return the reference (height, width) in 0..1."""
        with Image.open(self.reference) as image:
            return np.asarray(image.convert("L"), np.float64) / 255


def find_samples(data: Path, *, sets: Collection[str] = (), limit: int | None = None) -> list[Sample]:
    """Return the samples by set and name, at most `limit` a set, spread over it; SystemExit says what is missing."""
    if not data.is_dir():
        raise SystemExit(f"{data} is no folder: --data names one that holds SET/images and SET/alpha.")
    there = sorted(folder.name for folder in data.iterdir() if (folder / "alpha").is_dir())
    unknown = sorted(set(sets) - set(there))
    if unknown or not there:
        raise SystemExit(f"{data} has no set {', '.join(unknown) or 'at all'}; it has {', '.join(there) or 'none'}.")
    samples: list[Sample] = []
    for set_name in there:
        if not sets or set_name in sets:
            samples += _spread(_samples_of(data / set_name), limit)
    return samples


def _samples_of(folder: Path) -> list[Sample]:
    photos = {path.stem: path for path in (folder / "images").iterdir() if path.suffix.lower() in PHOTO_ENDINGS}
    samples = []
    for reference in sorted((folder / "alpha").glob("*.png")):
        if reference.stem not in photos:
            raise SystemExit(f"{reference} has no photo in {folder / 'images'}.")
        samples.append(Sample(folder.name, reference.stem, photos[reference.stem], reference))
    return samples


def _spread(samples: list[Sample], limit: int | None) -> list[Sample]:
    if limit is None or limit >= len(samples):
        return samples
    return [samples[index * len(samples) // limit] for index in range(limit)]
