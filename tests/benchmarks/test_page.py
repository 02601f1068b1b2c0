"""How measured tables come onto docs/benchmarks.md."""

import pytest

from benchmarks.__main__ import PARTS
from benchmarks.page import PAGE, fill, write_results

TEXT = "Before.\n\n<!-- speed -->\n\nOld.\n\n<!-- end of speed -->\n\nAfter.\n"


def test_tables_take_the_place_between_their_marks_and_nothing_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(TEXT)
    (tmp_path / "speed").mkdir()
    (tmp_path / "speed" / "speed.md").write_text(r"| new \1 |" + "\n")

    write_results(["speed", "serve"], page, tmp_path)

    assert page.read_text() == TEXT.replace("Old.", r"| new \1 |")


def test_a_page_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="0 places for serve"):
        fill(TEXT, "serve", "| new |")


@pytest.mark.parametrize("part", PARTS)
def test_the_page_has_a_place_for_every_part(part):
    assert "| filled |" in fill(PAGE.read_text(encoding="utf-8"), part, "| filled |")
