"""`manage.py cutout PHOTO... -o PATH`: the same cutout as by the API, without a server and without credits."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ServiceError
from processing.api.v1_form import SIZES, RemovalForm
from processing.engine import engine
from processing.matting.errors import MattingError
from processing.matting.options import CutoutOptions
from processing.matting.pipeline import cut_out
from processing.services import decode_limits

FORMATS = ("png", "jpg", "webp")


class Command(BaseCommand):
    """Cut out photos from the command line."""

    help = "Remove the background of photos, without a server. Takes the options of POST /v1/remove."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
        parser.add_argument(
            "-o",
            "--output",
            type=Path,
            required=True,
            metavar="PATH",
            help="The file to write, or a folder (a path without an ending): photos become NAME-cutout.FORMAT in it.",
        )
        parser.add_argument("--format", help="png (default), jpg or webp; by default what PATH ends with.")
        parser.add_argument("--channels", default="", help="rgba (default), rgb or alpha.")
        parser.add_argument("--bg-color", default="", help="An opaque CSS colour for opaque output; white by default.")
        parser.add_argument("--size", default="", help=f"One of {', '.join(SIZES)}.")
        parser.add_argument("--quality", default="", help="fast, standard (default) or best.")
        parser.add_argument("--model", default="", help=f"One of {', '.join(settings.ALLOWED_MODELS)}.")
        parser.add_argument(
            "--crop",
            nargs="?",
            const="true",
            default="",
            metavar="RATIO",
            help="Cut the result to the subject's bounds; with RATIO (1:1, 16:9) leave room for these proportions.",
        )
        parser.add_argument("--padding", default="", help="With --crop: room on each side, such as 10%% or 10%%,5%%.")
        parser.add_argument("--width", default="", help="Width of the result in pixels; alone, the height follows.")
        parser.add_argument("--height", default="", help="Height of the result in pixels; alone, the width follows.")
        parser.add_argument("--fit", default="", help="contain (default), cover or scale-down, with both sides.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["crop"] and Path(options["crop"]).exists():
            raise CommandError(f"--crop took {options['crop']} for proportions: put photos before options.")
        photos: list[Path] = options["photos"]
        output: Path = options["output"]
        form = _read_form(options, output)
        cutout_options = form.to_options()
        targets = _targets(photos, output, cutout_options.image_format)
        failed = sum(
            not self._cut_out(photo, target, cutout_options, form.asked_model)
            for photo, target in zip(photos, targets, strict=True)
        )
        if failed:
            raise CommandError(f"{failed} of {len(photos)} photos failed.")

    def _cut_out(self, photo: Path, target: Path, options: CutoutOptions, model: str | None) -> bool:
        """Write one cutout and say so; a photo that fails is named and stops no other."""
        try:
            cutout = cut_out(photo.read_bytes(), options, session=engine.session(model), limits=decode_limits())
            target.write_bytes(cutout.data)
        except MattingError as error:
            self.stderr.write(f"{photo}: {error.public_text}")
            return False
        except ServiceError as error:
            raise CommandError(engine.status(model).problem or error.public_text) from None
        except OSError as error:
            self.stderr.write(f"{error.filename or photo}: {error.strerror or error}")
            return False
        seconds = sum(cutout.timings_ms.values()) / 1000
        subject = "" if cutout.has_subject else ", no subject found"
        self.stdout.write(f"{photo} -> {target} ({cutout.width} x {cutout.height}, {seconds:.1f} s{subject})")
        return True


def _read_form(options: dict[str, Any], output: Path) -> RemovalForm:
    by_name = _format_by_name(output)
    if by_name and options["format"] and options["format"] != by_name:
        raise CommandError(f"--format says {options['format']} and {output.name} says {by_name}: make them agree.")
    given = {name: options[name] for name in map(str, RemovalForm().fields) if name in options and name != "format"}
    form = RemovalForm(data={**given, "format": options["format"] or by_name})
    if not form.is_valid():
        faults = (f"--{name.replace('_', '-')} {faults[0]}" for name, faults in form.errors.items())
        raise CommandError("; ".join(faults))
    return form


def _format_by_name(output: Path) -> str:
    """Return the format that a file's name asks for; empty for a folder."""
    if not output.suffix or output.is_dir():
        return ""
    ending = output.suffix.lower().removeprefix(".").replace("jpeg", "jpg")
    if ending not in FORMATS:
        raise CommandError(f"{output.name}: cutouts are written as {', '.join(FORMATS)}, not as {ending}.")
    return ending


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CommandError(f"{folder} is a file; several photos need a folder.") from None
    except OSError as error:
        raise CommandError(f"{folder} cannot be made: {error.strerror}.") from None


def _targets(photos: list[Path], output: Path, image_format: str) -> list[Path]:
    """Return where each cutout goes; two photos of one name in different folders must not overwrite each other."""
    is_one_file = len(photos) == 1 and bool(output.suffix) and not output.is_dir()
    _make_folder(output.parent if is_one_file else output)
    if is_one_file:
        if output.exists() and photos[0].exists() and output.samefile(photos[0]):
            raise CommandError(f"{output} is the photo itself, which would be lost; name another file.")
        return [output]
    targets = [output / f"{photo.stem}-cutout.{image_format}" for photo in photos]
    doubled = sorted({str(target) for target in targets if targets.count(target) > 1})
    if doubled:
        raise CommandError(f"Several photos would be written to {', '.join(doubled)}; cut them out one by one.")
    return targets
