"""The documents name what the code has, and the code has what they name."""

import re
from pathlib import Path

import pytest

from processing.api.v1_form import RemovalForm
from removebg.error_catalogue import ERROR_PAGES

PROJECT = Path(__file__).resolve().parent.parent


def text(name):
    return (PROJECT / name).read_text(encoding="utf-8")


def test_operating_lists_exactly_the_settings_that_are_read():
    read = set(re.findall(r'env\.read_\w+\(\s*"([A-Z_]+)"', text("removebg/settings.py")))
    read |= set(re.findall(r'environ\.get\(["\']([A-Z_]+)["\']', text("deploy/gunicorn.conf.py")))
    table = text("docs/operating.md").split("## Every setting")[1]
    listed = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }

    assert listed == read


def test_the_api_document_names_every_field_and_code():
    api = text("docs/api.md")

    assert [field for field in RemovalForm().fields if f"| `{field}` |" not in api] == []
    assert [page.code for page in ERROR_PAGES if f"`{page.code}`" not in api] == []


@pytest.mark.parametrize(
    "document", ["README.md", *(str(path.relative_to(PROJECT)) for path in PROJECT.glob("docs/**/*.md"))]
)
def test_every_link_between_documents_leads_somewhere(document):
    folder = (PROJECT / document).parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text(document))

    assert [link for link in links if not (folder / link).exists()] == []
