"""Pages that anybody may open: no violation, no complaint, nothing wider than the window."""

import pytest

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.people import enter

PUBLIC = ["/", "/docs/errors/", "/docs/errors/validation-error", "/account/login/", "/account/signup/"]


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_accessible_and_fits(window, path):
    window.goto(path)

    assert faults_of(window) == []
    assert overflow_of(window) == 0


def filled_buttons_of(page):
    """Return the words on the filled buttons that can be seen: a page has one main action at most."""
    buttons = page.locator(".button:not(.quiet):visible")
    return buttons.all_inner_texts()


@pytest.mark.parametrize("path", [*PUBLIC, "/docs/", "/docs/quickstart/", "/pricing/", "/docs/migrate/"])
def test_a_page_has_one_filled_button_at_most(desktop, path):
    desktop.goto(path)

    assert len(filled_buttons_of(desktop)) <= 1, filled_buttons_of(desktop)


@pytest.mark.parametrize(
    "path", ["/try/", "/dashboard/", "/keys/", "/keys/new/", "/usage/", "/people/", "/organization/", "/account/email/"]
)
def test_a_page_of_one_s_own_has_one_filled_button_at_most(desktop, site, path):
    enter(desktop, site)
    desktop.goto(path)

    assert len(filled_buttons_of(desktop)) <= 1, filled_buttons_of(desktop)
