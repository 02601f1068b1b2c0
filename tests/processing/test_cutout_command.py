"""manage.py cutout: the API's options, without a server."""

import io
import os
import unicodedata
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from processing.engine import Engine
from processing.management.commands import cutout
from tests.fakes import DiscEngine
from tests.photos import photo_path


@pytest.fixture
def disc(monkeypatch):
    monkeypatch.setattr(cutout, "engine", DiscEngine())


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / name for name in ("a.png", "b.jpg")]
    for path in paths:
        Image.new("RGB", (400, 300), "teal").save(path)
    return paths


def test_a_real_photo_becomes_a_cutout(tmp_path, capsys):
    target = tmp_path / "new" / "cat.webp"

    call_command("cutout", str(photo_path("chelsea")), "-o", str(target), "--size", "preview", "--crop")

    with Image.open(target) as result:
        assert (result.format, result.mode, max(result.size)) == ("WEBP", "RGBA", 256)
    assert str(target) in capsys.readouterr().out


def test_another_model_and_quality_may_be_named(tmp_path, settings, monkeypatch):
    settings.ALLOWED_MODELS = [settings.MODEL_NAME, "u2netp"]
    engine = Engine()
    monkeypatch.setattr(cutout, "engine", engine)
    target = tmp_path / "cat.png"

    call_command("cutout", str(photo_path("chelsea")), "-o", str(target), "--model", "u2netp", "--quality", "fast")

    assert engine.status("u2netp").state == "ready"
    assert engine.status().state == "loading"
    with Image.open(target) as result:
        assert result.getpixel((200, 200))[3] == 255


def test_several_photos_go_into_a_folder(tmp_path, photos, disc):
    call_command("cutout", *map(str, photos), "-o", str(tmp_path / "out"), "--format", "jpg", "--bg-color", "red")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-cutout.jpg", "b-cutout.jpg"]
    with Image.open(tmp_path / "out" / "a-cutout.jpg") as result:
        assert result.getpixel((0, 0)) == pytest.approx((254, 0, 0), abs=3)


def test_a_path_without_an_ending_is_a_folder_for_one_photo_too(tmp_path, photos, disc):
    call_command("cutout", str(photos[0]), "-o", str(tmp_path / "out"))

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a-cutout.png"]


def test_one_bad_photo_stops_no_other(tmp_path, photos, disc, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")

    with pytest.raises(CommandError, match="2 of 4"):
        call_command(
            "cutout", str(broken), *map(str, photos), str(tmp_path / "absent.png"), "-o", str(tmp_path / "out")
        )

    said = capsys.readouterr().err
    assert "broken.png: This is not a JPEG" in said
    assert "absent.png: No such file" in said
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--size", "huge"], "--size"),
        (["--bg-color", "nope"], "--bg-color"),
        (["--format", "gif"], "--format"),
        (["--quality", "9"], "--quality must be one of: fast"),
        (["--model", "u3net"], "--model must be one of: isnet"),
    ],
)
def test_a_bad_option_is_named(tmp_path, photos, disc, arguments, named):
    with pytest.raises(CommandError, match=named):
        call_command("cutout", str(photos[0]), "-o", str(tmp_path / "x.png"), *arguments)


def test_equal_names_get_a_number(tmp_path, photos, disc):
    twins = []
    for folder, name in (("one", "a.png"), ("two", "A.jpg"), ("three", "a-cutout.png")):
        (tmp_path / folder).mkdir()
        twins.append(tmp_path / folder / name)
        Image.new("RGB", (40, 30), "teal").save(twins[-1])

    call_command("cutout", str(photos[0]), *map(str, twins), "-o", str(tmp_path / "out"))

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "A-cutout-3.png",
        "a-cutout-2.png",
        "a-cutout-cutout.png",
        "a-cutout.png",
    ]


def test_names_that_differ_in_their_unicode_form_get_a_number(tmp_path, disc):
    photos = [tmp_path / "caf\u00e9.png", tmp_path / "cafe\u0301.png"]
    for photo in photos:
        Image.new("RGB", (40, 30), "teal").save(photo)

    call_command("cutout", *map(str, photos), "-o", str(tmp_path / "out"))

    names = {unicodedata.normalize("NFC", path.name) for path in (tmp_path / "out").iterdir()}
    assert names == {"caf\u00e9-cutout.png", "caf\u00e9-cutout-2.png"}


def test_no_photo_of_the_batch_is_written_over(tmp_path, photos, disc):
    other = tmp_path / "a-cutout.png"
    other.write_bytes(photos[0].read_bytes())

    call_command("cutout", str(photos[0]), str(other), "-o", str(tmp_path))

    assert other.read_bytes() == photos[0].read_bytes()
    assert (tmp_path / "a-cutout-2.png").exists()
    assert (tmp_path / "a-cutout-cutout.png").exists()


def test_a_path_that_ends_in_a_slash_is_a_folder(tmp_path, photos, disc):
    call_command("cutout", str(photos[0]), "-o", f"{tmp_path}/results.v2/")

    assert [path.name for path in (tmp_path / "results.v2").iterdir()] == ["a-cutout.png"]


def test_several_photos_mean_a_folder_with_any_name(tmp_path, photos, disc):
    call_command("cutout", *map(str, photos), "-o", str(tmp_path / "results.v2"))

    assert sorted(path.name for path in (tmp_path / "results.v2").iterdir()) == ["a-cutout.png", "b-cutout.png"]


@pytest.mark.parametrize(("output", "name"), [("x.jpeg", "x.jpeg"), ("x.jpg", "x.jpg"), ("x/", "x/a-cutout.jpg")])
def test_jpeg_is_jpg(tmp_path, photos, disc, output, name):
    call_command("cutout", str(photos[0]), "-o", f"{tmp_path}/{output}", "--format", "JPEG")

    with Image.open(tmp_path / name) as result:
        assert result.format == "JPEG"


def test_a_pipe_is_read_and_written(photos, disc, monkeypatch, capsysbinary):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(photos[0].read_bytes())))

    call_command("cutout", "-", "-o", "-", "--format", "webp")

    written, report = capsysbinary.readouterr()
    with Image.open(io.BytesIO(written)) as result:
        assert (result.format, result.size) == ("WEBP", (400, 300))
    assert b"- -> - (400 x 300" in report


def test_a_photo_from_a_pipe_has_a_name_in_a_folder(tmp_path, photos, disc, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(photos[0].read_bytes())))

    call_command("cutout", "-", str(photos[1]), "-o", str(tmp_path / "out"))

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b-cutout.png", "photo-cutout.png"]


def test_the_standard_output_takes_one_cutout(photos, disc):
    with pytest.raises(CommandError, match="takes one cutout"):
        call_command("cutout", *map(str, photos), "-o", "-")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        (b"caf\xe9.png", b"caf\\udce9.png"),
        ("東京.png".encode(), rb"\u6771\u4eac.png"),
        (b"a\x1b[2Jb.png", rb"a\x1b[2Jb.png"),
    ],
)
def test_a_name_that_the_terminal_cannot_encode_is_escaped_and_the_batch_goes_on(
    tmp_path, photos, disc, monkeypatch, name, printed
):
    strange = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    Path(strange).write_bytes(photos[0].read_bytes())
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr("sys.stdout", terminal)

    call_command("cutout", strange, str(photos[1]), "-o", str(tmp_path / "out"))

    terminal.flush()
    lines = terminal.buffer.getvalue().splitlines()
    assert printed in lines[0]
    assert b"b.jpg ->" in lines[1]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_missing_weights_are_said_with_the_way_out(tmp_path, photos, settings, monkeypatch):
    settings.MODEL_CACHE_DIR = tmp_path / "empty"
    monkeypatch.setattr(cutout, "engine", Engine())

    with pytest.raises(CommandError, match="fetch_model"):
        call_command("cutout", str(photos[0]), "-o", str(tmp_path / "x.png"))


def test_a_photo_is_not_written_over(photos, disc):
    before = photos[1].read_bytes()

    with pytest.raises(CommandError, match="is the photo itself"):
        call_command("cutout", str(photos[1]), "-o", str(photos[1].parent / "." / "b.jpg"))

    assert photos[1].read_bytes() == before


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("out.gif", [], "not as gif"),
        ("out.png", ["--format", "jpg"], "make them agree"),
    ],
)
def test_a_file_is_what_its_name_says(tmp_path, photos, disc, name, options, words):
    with pytest.raises(CommandError, match=words):
        call_command("cutout", str(photos[0]), "-o", str(tmp_path / name), *options)

    assert not (tmp_path / name).exists()


def test_a_folder_that_cannot_be_made_is_told_in_one_line(photos, disc):
    with pytest.raises(CommandError, match="cannot be made"):
        call_command("cutout", str(photos[0]), "-o", "/proc/nothing")


def test_a_photo_that_crop_took_for_proportions_is_named(photos, disc):
    with pytest.raises(CommandError, match="put photos before options"):
        call_command("cutout", str(photos[1]), "--crop", str(photos[0]), "-o", "out")
