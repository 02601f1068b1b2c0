"""The guides as pages: Markdown without the writer's HTML, links to pages, this server's address."""

import re

import pytest

from removebg.documents import markdown
from removebg.documents.guides import EXAMPLE_HOST, GUIDES, page_of_link, parameter_rows, text_of


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
@pytest.mark.django_db
def test_a_guide_is_a_page_with_this_servers_address(client, settings, guide):
    settings.PUBLIC_URL = "https://pictures.example.org"

    page = client.get(f"/docs/migrate-from-{guide.slug}/").content.decode()

    assert "https://pictures.example.org/v1" in page
    assert EXAMPLE_HOST not in page
    assert page.count("<h1") == 1
    assert page.count("<table") >= 4
    assert 'style="' not in page


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
@pytest.mark.django_db
def test_every_link_of_a_guide_leads_to_a_page(client, guide):
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", text_of(guide))
    page = client.get(f"/docs/migrate-from-{guide.slug}/").content.decode()

    assert links
    assert ".md" not in re.findall(r'href="([^"]*)"', page)
    for link in links:
        assert client.get(page_of_link(link)).status_code == 200


def test_a_document_that_is_no_page_is_no_link():
    html = markdown.to_html("See [the *decisions*](decisions/0001.md) and [api](api.md#rate).", resolve=page_of_link)

    assert html == '<p>See the <em>decisions</em> and <a href="/docs/api/#rate">api</a>.</p>\n'


def test_other_addresses_stay():
    assert page_of_link("https://example.com/a.md") == "https://example.com/a.md"
    assert page_of_link("#parameters") == "#parameters"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://example.com/track.png)",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "| a |\n| :-: |\n| <b onclick=x>b</b> |",
    ],
)
def test_nothing_that_runs_or_loads_comes_through(text):
    html = markdown.to_html(text)

    assert re.findall(r"<(script|img|b)\b", html) == []
    assert re.findall(r'(?:href|src)="(?:javascript|data):', html) == []
    assert "style=" not in html


def test_headings_can_be_linked_to_and_wide_tables_scroll_by_keyboard():
    html = markdown.to_html("# One\n\n## Two words\n\n| a |\n| --- |\n| b |\n")

    assert '<h2 id="two-words">' in html
    assert '<div class="wide" tabindex="0" role="region" aria-label="Table: Two words"><table>' in html
    assert '<th scope="col">a</th>' in html
    assert "<td></td>" in markdown.to_html("| | a |\n| --- | --- |\n| b | c |\n")


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_the_parameters_of_a_guide_are_read_whole(guide):
    rows = parameter_rows(guide)

    assert rows["image_url"].note
    assert all(row.here for row in rows.values())


@pytest.mark.django_db
def test_there_is_no_guide_from_anywhere_else(client):
    assert client.get("/docs/migrate-from-nowhere/").status_code == 404
