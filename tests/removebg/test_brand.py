"""The operator's colour can be read whatever its hue, and the operator's logo is a picture and nothing else."""

import io
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from PIL import Image

from removebg.brand.accent import accents_of, stylesheet_of
from removebg.brand.logo import MOST_BYTES, read_logo
from removebg.brand.oklch import contrast, from_hex, to_hex, to_linear_rgb

SHEET = (Path(__file__).resolve().parents[2] / "removebg/static/site/site.css").read_text(encoding="utf-8")
COLOUR = r"(#[0-9a-f]+|oklch\([^)]*\))"


def colour(text):
    """Return a colour of the stylesheet."""
    if text.startswith("#"):
        return from_hex(text)
    lightness, chroma, hue = text.removeprefix("oklch(").rstrip(")").replace("%", "").split()
    return to_linear_rgb(float(lightness) / 100, float(chroma), float(hue))


def token(name, scheme, sheet=SHEET):
    pair = re.search(rf"--{name}: light-dark\({COLOUR}, {COLOUR}\)", sheet)
    return colour(pair[1 if scheme == "light" else 2])


def test_colours_are_counted_as_browsers_do():
    assert to_hex(to_linear_rgb(1, 0, 0)) == "#ffffff"
    assert to_hex(to_linear_rgb(0.62796, 0.25768, 29.234)) == "#ff0000"
    assert to_hex(to_linear_rgb(0.45201, 0.31321, 264.052)) == "#0000ff"
    assert contrast(from_hex("#000"), from_hex("#fff")) == pytest.approx(21)
    assert contrast(from_hex("#767676"), from_hex("#ffffff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_hue_can_be_read_on_every_ground(scheme):
    grounds = [token(name, scheme) for name in ("n0", "n1", "n2")]

    for hue in range(361):
        accent = accents_of(float(hue))[scheme == "dark"]
        ink, hover = from_hex(accent.accent), from_hex(accent.hover)
        surface, on_accent = from_hex(accent.surface), from_hex(accent.on_accent)
        worst = min(
            *(contrast(shade, ground) for shade in (ink, hover) for ground in (*grounds, surface)),
            contrast(on_accent, ink),
            contrast(on_accent, hover),
            # Words stand on the accent's surface, too.
            contrast(token("n7", scheme), surface),
        )
        assert worst >= 4.5, (hue, worst)


def test_hues_differ_and_keep_their_colour():
    assert len({accents_of(float(hue))[0].accent for hue in range(0, 360, 30)}) == 12
    red, _dark = accents_of(30.0)
    assert from_hex(red.accent)[0] > 2 * from_hex(red.accent)[2]


def test_the_stylesheet_ends_with_the_operators_accent(client, settings, db):
    settings.BRAND_HUE = 90.0

    answer = client.get("/site.css?0123456789ab")

    assert answer["Content-Type"].startswith("text/css")
    assert "immutable" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")
    assert answer.content.decode() == SHEET + stylesheet_of(90.0)
    assert set(re.findall(r"--([a-z-]+):", stylesheet_of(90.0))) == {
        "accent",
        "accent-hover",
        "accent-surface",
        "on-accent",
    }


def test_an_address_without_a_version_is_kept_for_minutes_only(client, db):
    assert client.get("/site.css")["Cache-Control"] == "public, max-age=300"


def test_a_page_asks_for_another_address_when_the_brand_changes(client, settings, db):
    def address():
        return re.search(r'href="(/site\.css\?[0-9a-f]+)"', client.get("/docs/").content.decode())[1]

    before = address()
    settings.BRAND_HUE = 90.0

    assert address() != before
    assert client.get(address()).status_code == 200


def picture(kind):
    saved = io.BytesIO()
    Image.new("RGB", (2, 2)).save(saved, kind)
    return saved.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (SVG, "image/svg+xml"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made -->' + SVG, "image/svg+xml"),
    ],
)
def test_a_logo_is_served_sealed(client, settings, db, tmp_path, data, kind):
    settings.BRAND_LOGO = tmp_path / f"logo-{kind.replace('/', '-')}"
    settings.BRAND_LOGO.write_bytes(data)

    answer = client.get("/brand/logo")

    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, kind, data)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "'self'" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert 'src="/brand/logo?' in client.get("/docs/").content.decode()
    assert client.get("/brand/icon.svg").content == data


@pytest.mark.parametrize("data", [b"", b"<html><svg></svg></html>", b"SECRET=1", b"\x89PNG" + bytes(MOST_BYTES)])
def test_a_file_that_is_no_logo_stops_the_start_without_being_shown(tmp_path, data):
    path = tmp_path / "logo"
    path.write_bytes(data)

    with pytest.raises(ImproperlyConfigured, match="BRAND_LOGO") as refusal:
        read_logo(path)
    assert "SECRET" not in str(refusal.value)


def test_a_logo_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        read_logo(tmp_path / "nowhere.svg")


def test_without_a_logo_there_is_none(client, db):
    assert client.get("/brand/logo").status_code == 404
    assert "/brand/logo" not in client.get("/docs/").content.decode()


def test_the_icon_has_the_accents_colour_and_the_old_address_leads_to_it(client, settings, db):
    settings.BRAND_HUE = 145.0

    assert accents_of(145.0)[0].accent in client.get("/brand/icon.svg").content.decode()
    assert client.get("/favicon.ico")["Location"] == "/brand/icon.svg"
