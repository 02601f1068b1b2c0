"""Photos in, cutouts out: one, twenty, a folder; by the real model, at phone and desktop width."""

import io
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.playground.acts import (
    BATCH_WITHIN_MS,
    CENTRE,
    CORNER,
    add,
    credits_left,
    cut_out,
    downloaded,
    small_photos,
)

REFUSED = "status of 400"


def test_a_single_photo_is_cut_out_at_once_and_downloads_under_its_name(playground):
    before = credits_left(playground)
    cut_out(playground)

    name, data = downloaded(playground, "#stage [data-act=download]")

    cutout = Image.open(io.BytesIO(data))
    assert (name, cutout.mode, cutout.size) == ("astronaut-cutout.png", "RGBA", (512, 512))
    assert (cutout.getpixel(CENTRE)[3], cutout.getpixel(CORNER)[3]) == (255, 0)
    assert credits_left(playground) == before - 1
    expect(playground.locator(".row-note")).to_contain_text("1 credit")


def test_the_page_is_accessible_and_fits_empty_and_filled(playground, troubles):
    assert (faults_of(playground), overflow_of(playground)) == ([], 0)
    cut_out(playground)
    add(playground, str(Path(__file__)))
    expect(playground.locator(".row[data-state=failed]")).to_be_visible()
    assert (faults_of(playground), overflow_of(playground)) == ([], 0)
    playground.get_by_label("Erase").check(force=True)
    playground.get_by_label("Gradient").check(force=True)
    playground.locator("#crop").select_option("1:1")
    playground.get_by_text("The same by API").click()

    assert (faults_of(playground), overflow_of(playground)) == ([], 0)
    troubles.forgive(REFUSED)


def test_a_batch_of_twenty_with_two_bad_files(playground, tmp_path, troubles):
    paths = small_photos(tmp_path, 18)
    for name in ("broken.jpg", "words.png"):
        (tmp_path / name).write_bytes(b"not an image")
        paths.insert(5, str(tmp_path / name))
    before = credits_left(playground)
    add(playground, *paths)
    start = playground.locator("#start")
    expect(start).to_have_text("Remove 20 backgrounds · 20 credits")
    assert credits_left(playground) == before

    start.click()

    expect(playground.locator("#summary")).to_have_text("18 of 20 done, 2 failed", timeout=BATCH_WITHIN_MS)
    failed = playground.locator(".row[data-state=failed]")
    expect(failed).to_have_count(2)
    expect(failed.first.locator(".row-note")).to_contain_text("not a JPEG, PNG or WebP image")
    assert credits_left(playground) == before - 18
    expect(failed.first.locator("[data-row-act=retry]")).to_be_hidden()
    expect(playground.locator("#retry-failed")).to_be_hidden()
    name, data = downloaded(playground, "#download-all")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        assert (name, len(packed.namelist())) == ("cutouts.zip", 18)
        assert "photo-00-cutout.png" in packed.namelist()
        for entry in packed.namelist():
            assert Image.open(io.BytesIO(packed.read(entry))).mode == "RGBA"
    troubles.forgive(REFUSED)


def test_folders_keep_their_structure_in_the_zip_with_names_in_any_script(wide, tmp_path):
    for folder, number in (("été", 0), ("été/海", 1)):
        (tmp_path / "trip" / folder).mkdir(parents=True)
        Path(small_photos(tmp_path, number + 1)[number]).rename(tmp_path / "trip" / folder / "photo.jpg")
    (tmp_path / "trip" / "notes.txt").write_text("not to be sent")

    wide.locator("#folder").set_input_files(str(tmp_path / "trip"))
    wide.locator("#start").click()
    expect(wide.locator("#summary")).to_have_text("2 of 2 done", timeout=BATCH_WITHIN_MS)

    packed = zipfile.ZipFile(io.BytesIO(downloaded(wide, "#download-all")[1]))
    assert sorted(packed.namelist()) == ["trip/été/photo-cutout.png", "trip/été/海/photo-cutout.png"]


def test_names_in_the_zip_are_allowed_and_different_on_each_system(wide, tmp_path):
    composed, decomposed = "caf\u00e9.jpg", "cafe\u0301.jpg"
    (tmp_path / "aux").mkdir()
    names = ["a:b?.jpg", "Shoe.jpg", "shoe.jpg", composed, decomposed, "con.x.jpg"]
    for name, path in zip(names, small_photos(tmp_path, len(names)), strict=True):
        Path(path).rename(tmp_path / "aux" / name)

    wide.locator("#folder").set_input_files(str(tmp_path / "aux"))
    wide.locator("#start").click()
    expect(wide.locator("#summary")).to_have_text("6 of 6 done", timeout=BATCH_WITHIN_MS)

    packed = zipfile.ZipFile(io.BytesIO(downloaded(wide, "#download-all")[1])).namelist()
    shoes = {name for name in packed if "shoe" in name.lower()}
    assert {name.lower() for name in shoes} == {"_aux/shoe-cutout.png", "_aux/shoe-cutout-2.png"}
    assert set(packed) - shoes == {
        "_aux/a_b_-cutout.png",
        "_aux/_con.x-cutout.png",
        "_aux/caf\u00e9-cutout.png",
        "_aux/caf\u00e9-cutout-2.png",
    }


def test_choices_are_not_cut_off(playground):
    playground.locator("#crop").select_option("true")  # shows the margin
    cut_off = playground.locator(".option select").evaluate_all("""(selects) => {
      const context = document.createElement("canvas").getContext("2d");
      return selects.flatMap((select) => {
        const { font, paddingInlineStart, paddingInlineEnd } = getComputedStyle(select);
        context.font = font;
        const room = select.clientWidth - parseFloat(paddingInlineStart) - parseFloat(paddingInlineEnd) - 20;
        return [...select.options].filter(({ text }) => context.measureText(text).width > room).map(({ text }) => text);
      });
    }""")

    assert cut_off == []


def test_a_better_quality_afterwards_is_a_new_photo(wide):
    before = credits_left(wide)
    cut_out(wide)
    expect(wide.locator("#again")).to_be_hidden()
    wide.locator("#quality").select_option("fast")
    wide.locator("#again").click()
    expect(wide.locator("#credits")).to_contain_text(f"{before - 2} credits left")
    expect(wide.locator("canvas.cutout")).to_be_visible()


def test_the_same_by_api_says_what_is_chosen(wide):
    wide.get_by_text("The same by API").click()
    snippet = wide.locator("#snippet")
    expect(snippet).to_contain_text('-F "image_file=@photo.jpg"')
    wide.locator("#format").select_option("jpg")
    wide.locator("#crop").select_option("1:1")
    wide.locator("#quality").select_option("best")
    for language, words in {
        "curl": ('-F "format=jpg"', '-F "crop=1:1"', '-F "quality=best"', "-o cutout.jpg"),
        "Python": ('"format": "jpg", "crop": "1:1", "quality": "best"',),
        "JavaScript": ('form.append("quality", "best")',),
    }.items():
        wide.get_by_label(language, exact=True).check(force=True)
        for word in words:
            expect(snippet).to_contain_text(word)
    assert wide.locator("#snippet-copy").get_attribute("data-copy") == snippet.inner_text()
