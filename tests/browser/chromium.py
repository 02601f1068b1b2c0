"""Where Debian's Chromium is."""

import shutil


def find_chromium() -> str:
    """Return its path; `make test` has stopped before where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "Chromium is needed: sudo apt install chromium"
    return path
