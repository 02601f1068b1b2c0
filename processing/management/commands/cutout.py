"""`manage.py cutout PHOTO... -o PATH`: the same cutout as by the API, without a server and without credits."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from accounts.errors import ServiceError
from processing.api.v1_form import SIZES, RemovalForm
from processing.cutout_targets import PIPE, is_folder, paths_in, read_photo, write_cutout
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
        parser.add_argument("photos", nargs="+", metavar="PHOTO", help="A file, or - for the standard input.")
        parser.add_argument(
            "-o",
            "--output",
            required=True,
            metavar="PATH",
            help="The file to write, - for the standard output, or a folder: several photos, a path that ends in / or "
            "one without an ending. In a folder photos become NAME-cutout.FORMAT, and equal names get a number.",
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
        photos: list[str] = options["photos"]
        form = _read_form(options)
        cutout_options = form.to_options()
        targets = _targets(photos, options["output"], cutout_options.image_format)
        failed = sum(
            not self._cut_out(photo, target, cutout_options, form.asked_model)
            for photo, target in zip(photos, targets, strict=True)
        )
        if failed:
            raise CommandError(f"{failed} of {len(photos)} photos failed.")

    def _cut_out(self, photo: str, target: Path | None, options: CutoutOptions, model: str | None) -> bool:
        """Write one cutout and say so; a photo that fails is named and stops no other."""
        try:
            cutout = cut_out(read_photo(photo), options, session=engine.session(model), limits=decode_limits())
            write_cutout(target, cutout.data)
        except MattingError as error:
            _print(self.stderr, f"{photo}: {error.public_text}")
            return False
        except ServiceError as error:
            raise CommandError(engine.status(model).problem or error.public_text) from None
        except OSError as error:
            _print(self.stderr, f"{error.filename or photo}: {error.strerror or error}")
            return False
        seconds = sum(cutout.timings_ms.values()) / 1000
        subject = "" if cutout.has_subject else ", no subject found"
        report = f"{photo} -> {target or PIPE} ({cutout.width} x {cutout.height}, {seconds:.1f} s{subject})"
        _print(self.stdout if target else self.stderr, report)
        return True


def _print(stream: OutputWrapper, line: str) -> None:
    """Print the line with escapes for what is not printable and for what the stream cannot encode."""
    printable = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(printable.encode(encoding, "backslashreplace").decode(encoding))


def _read_form(options: dict[str, Any]) -> RemovalForm:
    by_name = _format_by_name(options["output"], photos=len(options["photos"]))
    asked = _short_format(options["format"] or "")
    if by_name and asked and asked != by_name:
        raise CommandError(f"--format says {asked} and {options['output']} says {by_name}: make them agree.")
    given = {name: options[name] for name in map(str, RemovalForm().fields) if name in options and name != "format"}
    form = RemovalForm(data={**given, "format": asked or by_name})
    if not form.is_valid():
        faults = (f"--{name.replace('_', '-')} {faults[0]}" for name, faults in form.errors.items())
        raise CommandError("; ".join(faults))
    return form


def _format_by_name(output: str, *, photos: int) -> str:
    """Return the format that a file's name asks for; empty for a folder and for the standard output."""
    if output == PIPE or is_folder(output, photos=photos):
        return ""
    ending = _short_format(Path(output).suffix.removeprefix("."))
    if ending not in FORMATS:
        raise CommandError(f"{Path(output).name}: cutouts are written as {', '.join(FORMATS)}, not as {ending}.")
    return ending


def _short_format(name: str) -> str:
    name = name.strip().lower()
    return "jpg" if name == "jpeg" else name


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CommandError(f"{folder} is a file; a folder is needed.") from None
    except OSError as error:
        raise CommandError(f"{folder} cannot be made: {error.strerror}.") from None


def _targets(photos: list[str], output: str, image_format: str) -> list[Path] | list[None]:
    """Return where each cutout goes, None for the standard output; make the folder that is missing."""
    if output == PIPE:
        if len(photos) > 1:
            raise CommandError("The standard output takes one cutout: give one photo, or name a folder.")
        return [None]
    path = Path(output)
    if is_folder(output, photos=len(photos)):
        _make_folder(path)
        return list(paths_in(path, photos, image_format))
    _make_folder(path.parent)
    if photos[0] != PIPE and path.exists() and Path(photos[0]).exists() and path.samefile(photos[0]):
        raise CommandError(f"{path} is the photo itself, which would be lost; name another file.")
    return [path]
