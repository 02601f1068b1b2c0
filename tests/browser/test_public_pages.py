"""Pages that anybody may open: no violation, no complaint, nothing wider than the window."""

import pytest

from tests.browser.accessibility import faults_of, overflow_of

PUBLIC = ["/", "/docs/errors/", "/docs/errors/validation-error", "/account/login/", "/account/signup/"]


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_accessible_and_fits(window, path):
    window.goto(path)

    assert faults_of(window) == []
    assert overflow_of(window) == 0
