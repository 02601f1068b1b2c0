"""The measuring itself: a right picture passes, and each wrong fact is found."""

import io
import zipfile
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.conformance.facts import disagreements
from tests.conformance.pictures import picture
from tests.conformance.rows import BLUE, CLEAR, PLACE, RED, WHITE, Facts
from tests.conformance.standard import CUTOUT, MATTE, ON_WHITE


def encoded(image, image_format):
    file = io.BytesIO()
    image.save(file, image_format)
    return file.getvalue()


def matte():
    image = Image.new("L", (300, 200))
    left, top, width, height = PLACE
    ImageDraw.Draw(image).ellipse((left, top, left + width - 1, top + height - 1), fill=255)
    return image


def cutout():
    image = Image.open(io.BytesIO(picture("subject.png")))
    image.putalpha(matte())
    return image


def on_white():
    image = Image.new("RGB", (300, 200), WHITE)
    image.paste(cutout(), mask=matte())
    return image


def with_shadow(opacity):
    lower = ImageChops.offset(matte(), 0, 40)
    soft = lower.filter(ImageFilter.GaussianBlur(8)).point(lambda value: round(value * opacity))
    image = Image.new("RGBA", (300, 200), "black")
    image.putalpha(soft)
    return encoded(Image.alpha_composite(image, cutout()), "PNG")


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return file.getvalue()


COLOUR, ALPHA = encoded(on_white(), "JPEG"), encoded(matte(), "PNG")
ZIP = Facts("ZIP", None, (300, 200), subject=PLACE, members=frozenset({"color.jpg", "alpha.png"}))
SHADE = Facts("PNG", "RGBA", (300, 200), shadow=True, shadow_at_most=0.5)


@pytest.mark.parametrize(
    ("facts", "data"),
    [
        (CUTOUT, encoded(cutout(), "PNG")),
        (ON_WHITE, COLOUR),
        (MATTE, ALPHA),
        (ZIP, zipped(color_jpg=COLOUR, alpha_png=ALPHA)),
        (SHADE, with_shadow(0.5)),
        (replace(SHADE, shadow=False, shadow_at_most=None), encoded(cutout(), "PNG")),
        (Facts(empty=True), encoded(Image.new("RGBA", (30, 20)), "PNG")),
        (Facts(opaque=True), encoded(on_white(), "PNG")),
        (Facts(inside=PLACE, at_most_pixels=60_000), encoded(cutout(), "PNG")),
    ],
)
def test_a_picture_that_is_as_it_should_be_passes(facts, data):
    assert disagreements(facts, data) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "WEBP"}, "format is PNG"),
        ({"mode": "RGB"}, "mode is RGBA"),
        ({"size": (301, 200)}, "size is (300, 200)"),
        ({"size": (305, 200), "size_within": 4}, "size is (300, 200)"),
        ({"at_most_pixels": 59_999}, "more than 59999 pixels"),
        ({"subject": (79, 50, 150, 100)}, "the subject is at"),
        ({"subject": (75, 50, 150, 104)}, "the subject is at"),
        ({"inside": (80, 50, 150, 100)}, "something is left outside"),
        ({"inside": (0, 0, 10, 10)}, "something is left outside"),
        ({"empty": True}, "not empty"),
        ({"opaque": True}, "not opaque"),
        ({"colours": {(100, 100): (*BLUE, 255)}}, "colour at (100, 100)"),
        ({"colours": {(100, 100): (*RED, 230)}}, "colour at (100, 100)"),
        ({"colours": {(100, 100): CLEAR}}, "colour at (100, 100)"),
        ({"colours": {(2, 2): (0, 0, 0, 255)}}, "colour at (2, 2)"),
        ({"colours": {(300, 100): CLEAR}}, "there is no point"),
        ({"shadow": True}, "is shaded"),
        ({"format": "ZIP", "members": ZIP.members}, "format is PNG"),
    ],
)
def test_a_picture_that_differs_is_found(change, words):
    assert any(words in found for found in disagreements(replace(CUTOUT, **change), encoded(cutout(), "PNG")))


@pytest.mark.parametrize(
    ("facts", "data", "words"),
    [
        (SHADE, with_shadow(0.7), "the shadow is up to"),
        (replace(SHADE, shadow=False, shadow_at_most=None), with_shadow(0.5), "is shaded"),
        (CUTOUT, b"<html>", "no picture came"),
        (CUTOUT, zipped(color_jpg=COLOUR, alpha_png=ALPHA), "format is ZIP"),
        (ZIP, zipped(color_jpg=COLOUR, alpha_png=ALPHA, more_txt=b"x"), "members are"),
        (ZIP, zipped(color_jpg=ALPHA, alpha_png=ALPHA), "not JPEG RGB and PNG L"),
        (ZIP, zipped(color_jpg=encoded(on_white().resize((30, 20)), "JPEG"), alpha_png=ALPHA), "color.jpg is (30, 20)"),
        (ZIP, zipped(color_jpg=COLOUR, alpha_png=encoded(Image.new("L", (300, 200)), "PNG")), "the subject is at None"),
    ],
)
def test_what_comes_instead_is_found(facts, data, words):
    assert any(words in found for found in disagreements(facts, data))
