"""Sample photos: one click for who has none at hand, the same way as a file of their own."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.people import enter

PROJECT = Path(__file__).resolve().parents[2]
WITHIN_MS = 30_000
SAMPLES = PROJECT / "removebg/static/site/samples"


WHOLE = """(zone) => {
    const frame = zone.getBoundingClientRect();
    return [...zone.children].map((child) => child.getBoundingClientRect())
        .every((box) => !box.height || (box.top >= frame.top && box.bottom <= frame.bottom));
}"""


def is_whole(zone: Locator) -> bool:
    """Tell whether everything in the zone is inside its frame."""
    return bool(zone.evaluate(WHOLE))


def test_the_samples_are_small_photos():
    files = sorted(SAMPLES.iterdir())

    assert [file.name for file in files] == [f"{n}{s}.jpg" for n in ("duck", "mug", "plant") for s in ("-small", "")]
    assert sum(file.stat().st_size for file in files) < 150_000
    for file in files:
        assert Image.open(io.BytesIO(file.read_bytes())).format == "JPEG"


def test_a_stranger_tries_each_sample(window):
    window.goto("/")
    samples = window.locator("[data-samples] button")
    expect(samples).to_have_count(3)
    for index in range(3):
        window.goto("/")
        expect(samples.nth(index).get_by_role("img")).to_have_attribute(
            "alt", ("Try it with a mug of coffee", "Try it with a potted plant", "Try it with a rubber duck")[index]
        )
        samples.nth(index).focus()
        window.keyboard.press("Enter")
        expect(window.locator("[data-pane=result]")).to_be_visible(timeout=WITHIN_MS)
        name = ("mug", "plant", "duck")[index]
        with window.expect_download() as waiting:
            window.get_by_role("link", name="Download preview").click()
        preview = Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))
        assert waiting.value.suggested_filename == f"{name}-cutout.png"
        assert (preview.size, preview.getpixel((6, 6))[3]) == ((512, 384), 0)
        assert preview.getpixel(((200, 200), (256, 313), (235, 240))[index])[3] > 200, "there is the subject"


def test_the_front_page_with_its_samples_is_accessible_and_fits(window):
    window.goto("/")
    expect(window.locator("[data-samples]")).to_be_visible()

    assert (faults_of(window), overflow_of(window)) == ([], 0)
    assert is_whole(window.locator("[data-pane=start]"))


def test_the_first_visit_of_the_playground_offers_them_and_later_ones_do_not(window, site):
    width = window.viewport_size["width"]
    enter(window, site, email=f"nora-{width}@example.com", organization=f"Nora's {width}", credits=5)
    window.goto("/try/")
    samples = window.locator("[data-samples]")
    expect(samples).to_contain_text("1 credit")
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    assert is_whole(window.locator("#empty"))
    window.get_by_role("button", name="Try it with a rubber duck").click()

    expect(window.locator("canvas.cutout")).to_be_visible(timeout=WITHIN_MS)
    expect(window.locator(".row-name")).to_have_text("duck.jpg")
    expect(window.locator("#credits")).to_contain_text("4 credits left")
    with window.expect_download() as waiting:
        window.locator("#stage [data-act=download]").click()
    assert Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes())).size == (900, 675)
    window.goto("/try/")
    expect(window.locator("#empty")).to_be_visible()
    expect(samples).to_have_count(0)
