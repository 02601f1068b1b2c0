"""The table as a whole, and the page that is written from it."""

from collections import Counter

from tests.conformance.page import PAGE, page_text
from tests.conformance.table import ROWS


def test_no_row_stands_there_twice():
    assert [name for name, times in Counter(row.name for row in ROWS).items() if times > 1] == []


def test_every_row_says_whose_word_it_is():
    assert [row.name for row in ROWS if not row.source] == []


def test_the_page_is_what_the_rows_give():
    assert PAGE.read_text(encoding="utf-8") == page_text(), "Write it anew: python -m tests.conformance.page"
