"""python -m deploy.samples [FOLDER]: draw the sample photos again; some minutes each."""

import argparse
from pathlib import Path

from PIL import Image

from deploy.samples.scenes import SUBJECTS
from deploy.samples.tracing import photograph

PLACE = Path(__file__).resolve().parents[2] / "removebg/static/site/samples"
THUMBNAIL_PX = 160
QUALITY = 80


def main() -> None:
    """Draw what was asked for and say where it lies."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.samples", description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=PLACE)
    arguments.add_argument("--width", type=int)
    arguments.add_argument("--samples", type=int, help="rays a pixel; fewer are quicker and grainier")
    arguments.add_argument("--only", help="mug, plant or duck")
    asked = arguments.parse_args()
    for subject in (make() for make in SUBJECTS):
        if asked.only in (None, subject.name):
            width, samples = asked.width or subject.width, asked.samples or subject.samples
            picture = photograph(subject, width=width, height=width * 3 // 4, samples=samples)
            path = asked.folder / f"{subject.name}.jpg"
            whole = Image.fromarray(picture)
            whole.save(path, quality=QUALITY, optimize=True, progressive=True)
            whole.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            whole.save(path.with_name(f"{subject.name}-small.jpg"), quality=QUALITY, optimize=True)
            print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
