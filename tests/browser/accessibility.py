"""axe-core on a page, in both colour schemes."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def faults_of(page: Page) -> list[str]:
    """Return every violation that axe sees in light and in dark, with the elements it concerns."""
    found = []
    for scheme in ("light", "dark"):
        # Without motion: a colour that is still changing would be measured on its way.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for violation in Axe().run(page).response["violations"]:
            places = [node["html"][:160] for node in violation["nodes"][:3]]
            found.append(f"{scheme}: {violation['id']}: {violation['help']}: {places}")
    page.emulate_media(color_scheme="light")
    return found


def overflow_of(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
