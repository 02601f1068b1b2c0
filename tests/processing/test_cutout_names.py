"""The names of delivered files."""

import pytest

from processing.cutout_names import name_beside


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        ("cat.jpg", "cat-cutout.png"),
        ("", "photo-cutout.png"),
        ("a:b?*.jpg", "a_b__-cutout.png"),
        ("C:\\photos\\cat.jpg", "C__photos_cat-cutout.png"),
        ("con.x.jpg", "_con.x-cutout.png"),
        ("LPT1.old.png", "_LPT1.old-cutout.png"),
        ("console.jpg", "console-cutout.png"),
        ("cafe\u0301.jpg", "caf\u00e9-cutout.png"),
    ],
)
def test_a_name_is_one_that_windows_takes(photo, name):
    assert name_beside(photo, "image/png") == name
