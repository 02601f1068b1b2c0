"""What is text goes out compressed; pictures, answers of the API and lasting secrets never."""

import gzip
import io

import pytest
from django.core.cache import cache
from PIL import Image

from processing import services
from tests.accounts.entrance import confirm_it_is_you, log_in
from tests.factories import make_key, make_member, make_organization
from tests.fakes import DiscEngine

pytestmark = pytest.mark.django_db
ASKS = {"accept-encoding": "gzip, deflate, br"}


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def alice(client):
    """Her shop, while she is logged in, and may do what asks for her password again."""
    shop = make_organization(credits=5)
    make_member(shop)
    log_in(client, "alice@example.com")
    confirm_it_is_you(client)
    return shop


def big_photo():
    """Return one whose cutout is larger than what is too small to be compressed."""
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, "PNG")
    file.seek(0)
    file.name = "noise.png"
    return file


def is_compressed(answer):
    return answer.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize("path", ["/", "/docs/api/v1-remove/", "/account/login/", "/sitemap.xml", "/words.js"])
def test_a_public_page_is_compressed_for_who_can_read_that(client, path):
    plain, packed = client.get(path), client.get(path, headers=ASKS)

    assert not is_compressed(plain)
    assert is_compressed(packed)
    assert "Accept-Encoding" in plain["Vary"]
    assert len(packed.content) < len(plain.content) / 2
    assert gzip.decompress(packed.content)[:9] == plain.content[:9]


@pytest.mark.parametrize("path", ["/site.css", "/static/site/try/page.js", "/brand/logo"])
def test_stylesheets_scripts_and_drawings_are_compressed(client, settings, tmp_path, path):
    settings.BRAND_LOGO = tmp_path / "logo.svg"
    drawing = '<path d="M0 0h9v9z"/>' * 40
    settings.BRAND_LOGO.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{drawing}</svg>')

    plain, packed = client.get(path).getvalue(), client.get(path, headers=ASKS)

    assert is_compressed(packed)
    assert gzip.decompress(packed.getvalue()) == plain


def test_a_part_of_a_file_is_sent_as_it_lies(client):
    part = client.get("/static/site/try/page.js", headers={**ASKS, "range": "bytes=0-299"})

    assert (part.status_code, is_compressed(part), len(part.getvalue())) == (206, False, 300)


def test_the_table_for_spreadsheets_is_compressed(client, alice):
    table = client.get("/usage/requests.csv", headers=ASKS)

    assert is_compressed(table)
    assert gzip.decompress(table.getvalue()).decode("utf-8-sig").startswith("time,request_id")


@pytest.mark.parametrize("path", ["/dashboard/", "/keys/", "/usage/", "/try/", "/people/"])
def test_the_pages_of_an_organization_are_compressed(client, alice, path):
    assert is_compressed(client.get(path, headers=ASKS))


def test_what_the_api_answers_stays_as_it_is(client, alice, monkeypatch):
    monkeypatch.setattr(services, "engine", DiscEngine())
    headers = {**ASKS, "x-api-key": make_key(alice).secret}
    asked = [
        client.post("/v1/remove", {"image_file": big_photo()}, headers=headers),
        client.post("/v1.0/removebg", {"image_file": big_photo()}, headers=headers),
        client.post("/v1.0/removebg", {"image_file": big_photo()}, headers={**headers, "accept": "application/json"}),
        client.get("/v1/me", headers=headers),
        client.get("/v1/openapi.yaml", headers=headers),
        client.post("/try/remove", {"image_file": big_photo()}, headers=ASKS),
        client.post("/try/download", {"image_file": big_photo()}, headers={**ASKS, "origin": "http://testserver"}),
        client.post("/trial/remove", {"image_file": big_photo()}, headers=ASKS),
    ]
    refused = [client.post("/v1/remove", headers=headers), client.get("/v1/nothing", headers=headers)]

    assert [answer.status_code for answer in asked] == [200] * len(asked)
    assert [answer.status_code for answer in refused] == [400, 404]
    assert [is_compressed(answer) for answer in asked + refused] == [False] * len(asked + refused)
    assert min(len(answer.content) for answer in asked if answer["Content-Type"].startswith("image/")) > 200


def test_a_secret_that_stays_is_not_compressed_beside_what_others_may_choose(client, alice):
    page = client.get("/account/2fa/totp/activate/", headers=ASKS)

    assert page.status_code == 200
    assert b"data-copy=" in page.content
    assert not is_compressed(page)


def test_a_page_s_length_is_blurred_and_its_token_is_another_each_time(client):
    pages = [client.get("/account/login/", headers=ASKS).content for _ in range(8)]

    assert len({len(page) for page in pages}) > 1
    assert len({gzip.decompress(page) for page in pages}) == len(pages)
