"""The documents name what the code has, and the code has what they name."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image
from rest_framework.exceptions import ValidationError

from accounts.api_keys import KEY_PATTERN
from billing.webhooks import HANDLERS
from processing import services
from processing.api import v1, v1_0, v1_0_refusals
from processing.api.v1_0_form import RemovebgForm
from processing.api.v1_form import RemovalForm
from processing.services import PictureNotFetched
from removebg import v1_0_errors
from removebg.error_catalogue import ERROR_PAGES
from removebg.problems import problem_of
from tests.factories import make_key, make_organization
from tests.fakes import DiscEngine
from tests.live import replays

PROJECT = Path(__file__).resolve().parent.parent


def text(name):
    return (PROJECT / name).read_text(encoding="utf-8")


def test_operating_lists_exactly_the_settings_that_are_read():
    sources = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "removebg").glob("*settings.py"))
    read = set(re.findall(r'env\.(?:read|find)_\w+\(\s*"([A-Z_]+)"', sources))
    read |= set(re.findall(r'env\.read_pair\("[A-Z_]+", "([A-Z_]+)"', sources))
    read |= set(re.findall(r'environ\.get\(["\']([A-Z_]+)["\']', text("deploy/gunicorn.conf.py")))
    table = text("docs/operating.md").split("## Every setting")[1]
    listed = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }

    assert listed == read


def test_every_event_that_is_acted_on_is_one_that_operators_are_told_to_ask_for():
    listed = re.findall(r"`([a-z_.]+\.(?:[a-z_]+|\*))`", section("docs/operating.md", "Selling credits"))
    families = tuple(name.removesuffix("*") for name in listed if name.endswith(".*"))

    assert [name for name in HANDLERS if name not in listed and not name.startswith(families)] == []


def test_the_api_document_names_every_field_and_code():
    api = text("docs/api.md")

    assert [field for field in RemovalForm().fields if f"| `{field}` |" not in api] == []
    assert [page.code for page in ERROR_PAGES if f"`{page.code}`" not in api] == []


def test_the_pattern_for_scanners_is_published():
    assert f"```\n{KEY_PATTERN}\n```" in text("docs/api.md")


# api_reference.md, sections 2.3 and 2.7, and 1.3 and 1.9: what a script that comes from there may send.
REMOVE_BG_SENDS = """image_file image_file_b64 image_url size type type_level format roi crop crop_margin scale position
    channels add_shadow shadow_type shadow_opacity semitransparency bg_color bg_image_url bg_image_file shadow_method"""
POOF_SENDS = """image_file image_file_b64 image_url file url format channels bg_color size crop padding crop_margin
    width height fit video_file video_url webhook_url stabilize"""
FROM_REMOVE_BG, FROM_POOF = "docs/migrate-from-remove-bg.md", "docs/migrate-from-poof.md"

GUIDE_OF_REPLAY = {
    "ruby": (FROM_REMOVE_BG, "Ruby gem `remove_bg`"),
    "node_cli": (FROM_REMOVE_BG, "Node CLI"),
    "php": (FROM_REMOVE_BG, "`mtownsend/remove-bg`"),
    "dotnet": (FROM_REMOVE_BG, "`RemoveBg.Net`"),
    "go_cli": (FROM_REMOVE_BG, "Go CLI"),
    "gimp": (FROM_REMOVE_BG, "RemoveBG-GIMP"),
    "figma": (FROM_REMOVE_BG, "figma-remove-bg"),
    "python_removebg": (FROM_REMOVE_BG, "Python `removebg`, newer"),
    "axios": (FROM_REMOVE_BG, "axios"),
    "poof_js": (FROM_POOF, "`@poof-bg/js`"),
}
"""The beginning of the names of a client's replays, the guide that its users read, and what that calls the client."""


def section(document, heading):
    return re.split(r"\n## ", text(document).split(f"\n## {heading}\n")[1])[0]


def rows(document, heading):
    """Return the rows of the tables below a heading, without their heads, as lists of cells."""
    lines = [line for line in section(document, heading).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if not line.startswith("| ---")]


def named_in_first_cells(document, heading):
    return {name for row in rows(document, heading) for name in re.findall(r"`([^`]+)`", row[0])}


@pytest.mark.parametrize(
    ("guide", "parameters"),
    [
        (FROM_REMOVE_BG, {*REMOVE_BG_SENDS.split(), *v1_0.SOURCES, *RemovebgForm().fields}),
        (FROM_POOF, {*POOF_SENDS.split(), *v1.FILE_FIELDS, *v1.ADDRESS_FIELDS, *RemovalForm().fields}),
    ],
)
def test_a_guide_has_a_row_for_every_parameter(guide, parameters):
    assert parameters - named_in_first_cells(guide, "Parameters") == set()


def test_a_guide_names_every_client_that_is_run():
    published = [folder.name for folder in (PROJECT / "tests/clients").iterdir() if list(folder.glob("calls.*"))]
    run = [row for guide in (FROM_REMOVE_BG, FROM_POOF) for row in rows(guide, "Clients") if row[1].startswith("run")]

    assert len(published) >= 6
    assert [name for name in published if not any(f"`{name}`" in row[0] for row in run)] == []


def test_a_guide_names_the_versions_that_are_run():
    for folder in (PROJECT / "tests/clients").iterdir():
        requirements, package = folder / "requirements.in", folder / "package.json"
        if requirements.exists():
            [(name, version)] = re.findall(r"^([\w.-]+)==([\d.]+)$", requirements.read_text(), re.MULTILINE)
        elif package.exists():
            [(name, version)] = json.loads(package.read_text())["dependencies"].items()
        else:
            continue
        assert f"`{name}` {version} |" in text(FROM_REMOVE_BG) + text(FROM_POOF)


def test_a_guide_names_every_client_that_is_replayed():
    makers = [name for name, made in vars(replays).items() if callable(made) and made.__module__ == replays.__name__]
    makers = [name for name in makers if name[0].islower()]
    replayed = {
        guide: [row[0] for row in rows(guide, "Clients") if "replayed" in row[1]]
        for guide in (FROM_REMOVE_BG, FROM_POOF)
    }

    for maker in makers:
        [(guide, called)] = [told for start, told in GUIDE_OF_REPLAY.items() if maker.startswith(start)]
        assert any(called in client for client in replayed[guide]), maker


def codes_of_v1_0():
    """Return every code that this dialect can give."""
    form = RemovebgForm(data=dict.fromkeys(RemovebgForm().fields, "\0no such value"))
    assert not form.is_valid()
    addresses = ("image_url", "bg_image_url")
    errors = [
        ValidationError(form.errors),
        ValidationError({"image_file_b64": ["must be text."]}),
        *map(v1_0_refusals.BadPictureAddress, addresses),
        *map(PictureNotFetched, addresses),
        v1_0_refusals.InvalidBody(),
        v1_0_refusals.missing_source(),
        v1_0_refusals.multiple_sources(),
        v1_0_refusals.multiple_bg_sources(),
        v1_0_refusals.multiple_shadow_params(),
        v1_0_errors.matting.FileTooLarge(),
    ]
    bodies = [v1_0_errors.reworded(problem_of(error), error)[1] for error in errors]
    codes = {row["code"] for body in bodies for row in body["errors"]} | {code for _, code, _ in v1_0_errors._BY_CLASS}
    return codes | {"validation_error", "https_required"} | {page.code for page in ERROR_PAGES if page.status >= 404}


def test_every_code_of_v1_0_is_told():
    told = text(FROM_REMOVE_BG) + text("docs/api.md")

    assert len(codes_of_v1_0()) > 40
    assert [code for code in sorted(codes_of_v1_0()) if f"`{code}`" not in told] == []


def test_the_loader_in_the_guide_turns_what_goes_to_remove_bg_and_nothing_else(tmp_path):
    loader = re.search(r"```js\n(.*?)```", text(FROM_REMOVE_BG), re.DOTALL)[1]
    (tmp_path / "redirect.js").write_text(loader)
    (tmp_path / "calls.js").write_text("""
        const https = require('https');
        https.request = (options, body) => console.log(JSON.stringify([options, body]));
        require('./redirect.js');
        https.request({ hostname: 'api.remove.bg', path: '/v1.0/removebg', headers: { 'X-Api-Key': 'k' } }, 'b');
        https.request({ host: 'api.remove.bg', path: '/v1.0/account' });
        https.request({ host: 'other.example.com', path: '/' });
    """)

    done = subprocess.run(["node", "calls.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)

    ours = dict.fromkeys(("host", "hostname", "servername"), "cutouts.example.com")
    [removal, account, other] = [json.loads(line) for line in done.stdout.splitlines()]
    headers = {"X-Api-Key": "k", "host": "cutouts.example.com"}
    assert removal == [{**ours, "path": "/v1.0/removebg", "headers": headers}, "b"]
    assert account[0] == {**ours, "path": "/v1.0/account", "headers": {"host": "cutouts.example.com"}}
    assert other[0] == {"host": "other.example.com", "path": "/"}


DOCUMENTS = sorted(
    str(path.relative_to(PROJECT))
    for pattern in ("*.md", ".github/**/*.md", "docs/**/*.md")
    for path in PROJECT.glob(pattern)
)


def links_in(document):
    """Return the files that a page links to, without fragments."""
    folder = (PROJECT / document).parent
    return [(folder / link).resolve() for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text(document))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_between_documents_leads_somewhere(document):
    assert [link for link in links_in(document) if not link.exists()] == []


def test_index_links_every_page():
    linked = links_in("docs/README.md")

    assert [page for page in (PROJECT / "docs").glob("**/*.md") if page not in linked] == [PROJECT / "docs/README.md"]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/tutorial.md", "docs/README.md"])
def test_make_targets_in_documents_exist(document):
    targets = re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE)

    assert [name for name in re.findall(r"\bmake ([a-z-]+)", text(document)) if name not in targets] == []


def test_changelog_has_the_release_of_pyproject():
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]

    assert re.search(
        rf"^## \[{re.escape(version)}\] - (\d{{4}}-\d\d-\d\d|Unreleased)$", text("CHANGELOG.md"), re.MULTILINE
    )


@pytest.mark.parametrize(("mark", "page"), [("[1]", "docs/verification.md"), ("[3]", "docs/benchmarks.md")])
def test_readme_figures_are_those_of_their_source(mark, page):
    number = r"\d+(?:[.,]\d+)*"
    measured = set(re.findall(number, text(page)))
    proofs = [f"{row[1]} {row[2]}" for row in rows("README.md", "Proofs") if row[2].endswith(mark)]

    assert proofs
    assert [proof for proof in proofs if not set(re.findall(number, proof.removesuffix(mark))) <= measured] == []


@pytest.mark.django_db(transaction=True)
def test_tutorial_program_saves_a_cutout(live_server, monkeypatch, tmp_path):
    monkeypatch.setattr(services, "engine", DiscEngine())
    key = make_key(make_organization("Alice's shop", credits=10)).secret
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo/demo.json").write_text(json.dumps({"base_url": live_server.url, "api_key": key}))
    (tmp_path / "first_cutout.py").write_text(re.search(r"```python\n(.*?)```", text("docs/tutorial.md"), re.DOTALL)[1])
    Image.new("RGB", (60, 40), "white").save(tmp_path / "photo.jpg")

    done = subprocess.run(
        [sys.executable, "first_cutout.py", "photo.jpg"],
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == "photo-cutout.webp: 30 x 20 pixels\nCredits left: 9\n", done.stderr
    with Image.open(tmp_path / "photo-cutout.webp") as cutout:
        assert (cutout.format, cutout.size) == ("WEBP", (30, 20))


def test_every_decision_is_named_where_it_holds():
    decisions = list((PROJECT / "docs/decisions").glob("*.md"))
    files = [
        *(page for page in PROJECT.glob("docs/*.md") if page.name != "README.md"),  # the index names all
        *(file for app in ("processing", "removebg") for file in (PROJECT / app).rglob("*.py")),
    ]
    sources = "".join(file.read_text(encoding="utf-8") for file in files)

    assert len(decisions) >= 12
    assert [path.name for path in decisions if f"decisions/{path.name}" not in sources] == []


# Sections of ASVS 5.0.0 and how many requirements of levels 1 and 2 each has; they are numbered first.
ASVS = """1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4
    5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:11 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3
    8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
    12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4
    16.4:3 16.5:3"""


def test_every_requirement_of_asvs_has_one_row_with_a_state_and_a_reason():
    expected = {
        f"{part}.{number}"
        for part, count in (item.split(":") for item in ASVS.split())
        for number in range(1, int(count) + 1)
    }
    table = section("docs/security.md", "ASVS 5.0, levels 1 and 2").splitlines()
    rows = [line.strip("| ").split(" | ") for line in table if re.match(r"\| [0-9]", line)]
    listed = [number for row in rows for number in row[0].split(", ")]

    assert len(listed) == len(set(listed))
    assert set(listed) == expected | {"17"}
    for row in rows:
        assert re.match(r"Met|Not met|Operator|n/a", row[1]) and row[2], row


def test_the_files_that_the_security_document_names_exist():
    named = re.findall(r"`([a-z0-9_]+/[\w./-]+)`", text("docs/security.md"))

    assert len(named) > 80
    assert [name for name in named if not (PROJECT / name).exists()] == []
