"""Real photos from packages that are installed for the pictures they carry; the packages are never imported."""

import importlib.util
from functools import cache
from pathlib import Path

PHOTOS = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "grass": ("skimage", "data/grass.png"),
    "grace_hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
}


def photo_path(name: str) -> Path:
    """Return where the photo of that name lies on this machine."""
    package, inside = PHOTOS[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"The sample photo {name!r} comes with {package}: run `make setup` first.")
    return Path(spec.submodule_search_locations[0]) / inside


@cache
def photo_bytes(name: str) -> bytes:
    """Return the file of the photo of that name."""
    return photo_path(name).read_bytes()
