"""Every row of remove.bg's dialect, one test each."""

import pytest

from tests.conformance.v1_0_rows import ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_answer_is_what_the_reference_says(row, found_wrong):
    assert found_wrong(row) == []
