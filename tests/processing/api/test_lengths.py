"""How callers write distances, typed from both references."""

import pytest

from processing.api.lengths import NotALength, parse_length, parse_share, parse_share_or_fraction, parse_sides
from processing.matting.options import Length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", Length(0, "px")),
        ("0.0", Length(0, "px")),
        ("30px", Length(30, "px")),
        ("30PX", Length(30, "px")),
        (" 7.5px ", Length(7.5, "px")),
        ("10%", Length(0.1, "share")),
        ("100%", Length(1, "share")),
        (".5%", Length(0.005, "share")),
    ],
)
def test_pixels_shares_and_a_bare_zero_are_lengths(text, expected):
    assert parse_length(text) == expected


@pytest.mark.parametrize(
    "text", ["", "30", "-1px", "+1px", "1 px", "1em", "%", "px", "1%%", "1e3px", "٣px", "nan%", "inf%", "1" * 10 + "px"]
)
def test_anything_else_is_none(text):
    with pytest.raises(NotALength):
        parse_length(text)


def test_pixels_are_no_share():
    assert parse_share("25%") == 0.25
    with pytest.raises(NotALength):
        parse_share("25px")


@pytest.mark.parametrize(("text", "expected"), [("10%", 0.1), ("0.1", 0.1), (".1", 0.1), ("0", 0), ("1", 1)])
def test_a_fraction_is_as_good_as_a_percentage(text, expected):
    assert parse_share_or_fraction(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1px", (1, 1, 1, 1)),
        ("1px 2px", (1, 2, 1, 2)),
        ("1px 2px 3px", (1, 2, 3, 2)),
        ("1px 2px 3px 4px", (1, 2, 3, 4)),
    ],
)
def test_margins_are_read_as_css_reads_them(text, expected):
    assert tuple(side.value for side in parse_sides(text)) == expected


@pytest.mark.parametrize("text", ["", "1px 2px 3px 4px 5px", "1px, 2px"])
def test_other_numbers_of_margins_are_refused(text):
    with pytest.raises(NotALength):
        parse_sides(text)
