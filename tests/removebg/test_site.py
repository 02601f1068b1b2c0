"""The site around the API: health, metrics, pages, logs."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from processing import engine as engine_module
from processing.engine import Engine
from processing.matting.execution_providers import PROVIDERS
from removebg import health
from removebg.error_catalogue import ERROR_PAGES
from removebg.logs import LineFormatter
from removebg.templatetags.prose import prose
from tests.factories import PASSWORD, make_member, make_organization, make_staff
from tests.fakes import DiscEngine

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]

PUBLIC = [
    "/",
    "/docs/errors/",
    "/account/login/",
    "/account/signup/",
    "/account/login/code/",
    "/account/password/reset/",
]


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


def enter(client, email, password, **extra):
    return client.post("/account/login/", {"login": email, "password": password}, **extra)


def test_livez_touches_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/livez").content == b"ok\n"


def test_readyz_is_503_until_the_model_is_loaded_and_then_names_its_digest(client, monkeypatch):
    engine = Engine()
    monkeypatch.setattr(health, "engine", engine)
    loading = client.get("/readyz")
    engine.session()
    ready = client.get("/readyz")

    assert (loading.status_code, loading.json()["model"]["state"]) == (503, "loading")
    assert (ready.status_code, ready.json()["model"]["state"]) == (200, "ready")
    assert re.fullmatch(r"[0-9a-f]{32,64}", ready.json()["model"]["digest"])
    assert loading.json()["model"]["execution_provider"] is None
    assert ready.json()["model"]["execution_provider"] in PROVIDERS
    assert (ready.json()["model"]["licence"], ready.json()["model"]["commercial_use"]) == ("Apache-2.0", True)


def test_readyz_tells_how_each_model_offered_stands_but_waits_for_the_default_only(client, monkeypatch, settings):
    settings.ALLOWED_MODELS = [settings.MODEL_NAME, "u2netp", "silueta"]
    engine = Engine()
    monkeypatch.setattr(health, "engine", engine)
    engine.session("u2netp")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["model"]["state"] == "loading"
    told = {model["name"]: (model["state"], model["commercial_use"]) for model in answer.json()["other_models"]}
    assert told["u2netp"] == ("ready", True)
    assert told["silueta"] in [("missing", False), ("closed", False)], "as its file lies here or not"


@pytest.mark.parametrize(("damage", "state"), [("missing", "missing"), ("cut off", "altered"), ("altered", "altered")])
def test_readyz_says_what_is_wrong_with_the_weights_but_not_where(
    client, monkeypatch, settings, tmp_path, damage, state
):
    from processing.matting.model_catalog import get_model

    artifact = get_model(settings.MODEL_NAME).artifacts[0]
    if damage == "cut off":
        (tmp_path / artifact.file_name).write_bytes(b"half")
    if damage == "altered":
        (tmp_path / artifact.file_name).write_bytes(bytes(artifact.size_bytes))
    settings.MODEL_CACHE_DIR = tmp_path
    engine = Engine()
    monkeypatch.setattr(health, "engine", engine)
    with pytest.raises(Exception, match="not ready"):
        engine.session()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["model"]["state"]) == (503, state)
    assert str(tmp_path) not in answer.content.decode()
    assert "fetch_model" in engine.status().problem


def test_weights_that_arrive_later_are_found_without_a_restart(monkeypatch, settings, tmp_path):
    real_folder, settings.MODEL_CACHE_DIR = settings.MODEL_CACHE_DIR, tmp_path
    engine = Engine()
    with pytest.raises(Exception, match="not ready"):
        engine.session()
    settings.MODEL_CACHE_DIR = real_folder
    with pytest.raises(Exception, match="not ready"):
        engine.session()  # not read again by each request that comes in the next seconds
    monkeypatch.setattr(engine_module, "RETRY_AFTER_S", 0)

    assert engine.session() is not None


def test_readyz_is_503_without_a_database(client, monkeypatch):
    monkeypatch.setattr(health, "engine", DiscEngine())
    monkeypatch.setitem(connection.settings_dict, "NAME", "/no/such/folder/database")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"].startswith("unreachable")


def test_metrics_are_for_whoever_knows_the_token(client, settings):
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404

    shown = client.get("/metrics", headers={"authorization": "Bearer secret"})

    assert shown.status_code == 200
    assert b"removebg_removals_total" in shown.content


@pytest.mark.parametrize("path", [*PUBLIC, *(f"/docs/errors/{page.slug}" for page in ERROR_PAGES)])
def test_every_public_page_opens(client, path):
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer["X-Request-ID"].startswith("req_")
    assert b"<h1" in answer.content


def test_every_error_code_has_one_page_with_its_own_address():
    assert len({page.slug for page in ERROR_PAGES}) == len(ERROR_PAGES)


def test_a_code_spelt_as_in_the_error_leads_to_its_page(client):
    answer = client.get("/docs/errors/validation_error")

    assert (answer.status_code, answer["Location"]) == (301, "/docs/errors/validation-error")


def test_an_unknown_page_is_a_page_of_the_site(client):
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_crash_on_a_page_is_a_page_with_the_request_id(monkeypatch):
    from removebg import urls

    def crash(request):
        raise RuntimeError("boom")

    route = next(route for route in urls.urlpatterns if getattr(route, "name", "") == "livez")
    monkeypatch.setattr(route, "callback", crash)

    answer = Client(raise_request_exception=False).get("/livez")

    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert b"boom" not in answer.content


@pytest.mark.parametrize(("path", "shape"), [("/v1/me", "application/json"), ("/", "text/html")])
def test_a_forged_host_is_a_400_in_the_right_shape(client, path, shape):
    answer = client.get(path, headers={"host": "evil.example"})

    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (400, shape)
    assert "does not answer for the host evil.example" in answer.content.decode()


FOREIGN = """
import django; django.setup()
from django.test import Client
for path in ("/", "/v1/me", "/v1.0/account"):
    for host in ("evil.example", "a_b.example", "<script>", "x" * 5000):
        answer = Client(headers={"host": host}).get(path)
        assert answer.status_code == 400 and len(answer.content) < 20_000, (path, host)
        assert path != "/" or b"host <script>" not in answer.content
"""


def test_a_foreign_host_writes_one_line_of_json(tmp_path):
    """In a process of its own: pytest adds handlers to the loggers, and this is about what happens without any."""
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "removebg.settings"}

    done = subprocess.run(
        [sys.executable, "-c", FOREIGN], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["request"] * 12


def test_someone_without_an_organization_is_told_what_to_do(client):
    client.force_login(make_staff())

    assert b"No organization yet" in client.get("/dashboard/", follow=True).content


def test_a_wrong_password_is_explained_and_guessing_is_slowed(client):
    make_member(make_organization(), "alice@example.com")
    guesses = [enter(client, "Alice@example.com", "guess") for _ in range(6)]

    assert [guess.status_code for guess in guesses] == [200] * 5 + [429]
    assert b"are not correct" in guesses[0].content
    assert b"Too many tries" in guesses[-1].content
    assert guesses[-1]["Retry-After"] == "300"


def test_a_strangers_guesses_do_not_lock_the_owner_out(client):
    make_member(make_organization(), "alice@example.com")
    for _ in range(6):
        guessed = enter(client, "alice@example.com", "guess", REMOTE_ADDR="203.0.113.9")

    entered = enter(client, "aLICE@example.com", PASSWORD)

    assert guessed.status_code == 429
    assert (entered.status_code, entered["Location"]) == (302, "/dashboard/")


def test_guesses_are_counted_by_the_address_that_our_own_proxy_saw(client, settings):
    settings.TRUSTED_PROXIES = 1
    make_member(make_organization(), "alice@example.com")
    forged = [f"198.51.100.{number}, 203.0.113.9" for number in range(6)]
    guesses = [enter(client, "alice@example.com", "guess", HTTP_X_FORWARDED_FOR=hops) for hops in forged]

    entered = enter(client, "alice@example.com", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.10")

    assert [guess.status_code for guess in guesses] == [200] * 5 + [429]
    assert entered.status_code == 302


def test_mails_are_asked_for_only_so_often_from_one_address(client, settings):
    settings.TRUSTED_PROXIES = 1

    def ask(number, hops):
        asked = {"email": f"n{number}@example.com"}
        return client.post("/account/password/reset/", asked, headers={"x-forwarded-for": hops}).status_code

    asked = [ask(number, f"198.51.100.{number}, 203.0.113.9") for number in range(21)]

    assert asked == [302] * 20 + [429]
    assert ask(22, "203.0.113.9, 203.0.113.10") == 302


def test_guessing_is_slowed_at_the_admins_door_too(client):
    make_staff("sam@example.com")
    door = client.post("/admin/login/?next=/admin/", {"username": "sam@example.com", "password": PASSWORD})
    assert (door.status_code, door["Location"]) == (302, "/account/login/?next=%2Fadmin%2F")
    guesses = [enter(client, "sam@example.com", "guess") for _ in range(6)]
    cache.clear()

    assert [guess.status_code for guess in guesses] == [200] * 5 + [429]
    entered = client.post(door["Location"], {"login": "sam@example.com", "password": PASSWORD, "next": "/admin/"})
    assert (entered.status_code, entered["Location"]) == (302, "/admin/")


def test_a_member_who_is_no_staff_is_turned_away_by_the_admin(client):
    client.force_login(make_member(make_organization()))

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403
    assert answer.redirect_chain == [("/admin/login/?next=/admin/", 302)]


def test_a_log_line_is_one_json_object():
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "image_served", "ms": 412, "who": "a\nb"})

    line = LineFormatter().format(record)

    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "x",
        "event": "image_served",
        "ms": 412,
        "who": "a\nb",
    }


def test_the_openapi_description_names_both_endpoints_and_every_field(client):
    described = client.get("/v1/openapi.yaml").content.decode()

    for word in (
        "/v1/remove",
        "/v1/me",
        "image_file",
        "bg_color",
        "channels",
        "Idempotency-Key",
        "X-Credits-Charged",
        "x-api-key",
    ):
        assert word in described


def test_prose_shows_code_and_escapes_everything_else():
    assert prose("Send `a<b` & go") == "Send <code>a&lt;b</code> &amp; go"
