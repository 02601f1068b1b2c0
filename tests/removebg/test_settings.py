"""Settings: malformed values stop the start, production starts only when it is whole, and then passes the checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from removebg import env
from removebg.databases import with_our_options

PROJECT = Path(__file__).resolve().parents[2]
WHOLE = {
    "DEPLOYMENT": "production",
    "SECRET_KEY": "k7Gq2vX9" * 8,
    "ALLOWED_HOSTS": "cutouts.example.com",
    "PUBLIC_URL": "https://cutouts.example.com",
    "DATABASE_URL": "postgres://removebg@db.example.com/removebg?sslmode=verify-full",
    "REDIS_URL": "rediss://cache.example.com/0",
    "EMAIL_URL": "smtp+tls://cutouts:secret@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "cutouts@example.com",
    "TRUSTED_PROXIES": "1",
    "WEB_PROCESSES": "2",
}
LIVE, TEST, SIGNING = "sk_live_" + "a" * 24, "sk_test_" + "a" * 24, "whsec_" + "b" * 32
SELLING = {"STRIPE_SECRET_KEY": LIVE, "STRIPE_WEBHOOK_SECRETS": SIGNING}
WITH_DEFAULTS = {"WEB_PROCESSES"}
"""Settings above that production does not need: their defaults are right."""


def check(tmp_path, *arguments, **environ):
    """Run `manage.py check` in a process with these settings alone."""
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "manage.py", "check", *arguments]
    done = subprocess.run(command, cwd=PROJECT, env={**own, **environ}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_laptop_needs_nothing(tmp_path):
    code, said = check(tmp_path)

    assert code == 0, said
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_only_its_owner_reads_the_database_of_a_laptop(tmp_path):
    database = tmp_path / "data" / "db.sqlite3"
    check(tmp_path)
    assert database.stat().st_mode & 0o777 == 0o600

    database.chmod(0o644)
    check(tmp_path)
    assert database.stat().st_mode & 0o777 == 0o600


COOKIES = """
import django; django.setup()
from django.conf import settings
from django.test import Client
from django.contrib.sessions.models import Session
client = Client(headers={"host": "cutouts.example.com", "x-forwarded-proto": "https"})
page = client.get("/account/login/")
assert page.status_code == 200, page
print(page.headers["Strict-Transport-Security"])
client.cookies.clear()
answer = client.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
for cookie in [*page.cookies.values(), *answer.cookies.values()]:
    print(cookie.OutputString())
print(settings.LANGUAGE_COOKIE_NAME)
"""


def test_production_cookies_belong_to_one_host(tmp_path):
    """The prefix `__Host-` needs Secure, Path=/ and no Domain; browsers drop other cookies of such names."""
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATA_DIR": str(tmp_path / "data")}
    sqlite = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "REDIS_URL": "", "WEB_PROCESSES": "1"}
    environment = {**own, **WHOLE, **sqlite, "DJANGO_SETTINGS_MODULE": "removebg.settings"}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=PROJECT, env=environment, check=True)

    done = subprocess.run(
        [sys.executable, "-c", COOKIES], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    hsts, *cookies, language = done.stdout.splitlines()
    assert "max-age=31536000" in hsts
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-csrftoken", "__Host-sessionid"}
    for cookie in cookies:
        assert "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie, cookie
    assert language == "__Host-django_language"


def test_a_laptop_keeps_its_secret(tmp_path):
    check(tmp_path)
    secret = (tmp_path / "data" / "secret_key").read_text()
    check(tmp_path)

    assert len(secret) >= 50
    assert (tmp_path / "data" / "secret_key").read_text() == secret


def test_a_whole_production_passes_the_deployment_checks_without_a_word(tmp_path):
    code, said = check(tmp_path, "--deploy", "--fail-level", "DEBUG", **WHOLE)

    assert code == 0, said
    assert "no issues" in said


def test_whoever_deploys_without_a_mail_server_is_told(tmp_path):
    _code, said = check(tmp_path, "--deploy", **{**WHOLE, "EMAIL_URL": ""})

    assert "EMAIL_URL is not set" in said


def test_a_production_that_sells_passes_them_too(tmp_path):
    code, said = check(tmp_path, "--deploy", "--fail-level", "DEBUG", **WHOLE, **SELLING)

    assert code == 0, said


def test_whoever_deploys_with_a_test_key_is_told_that_nobody_pays(tmp_path):
    rehearsal = {**SELLING, "STRIPE_SECRET_KEY": TEST, "STRIPE_API_BASE": "http://127.0.0.1:8420"}
    code, said = check(tmp_path, "--deploy", "--fail-level", "WARNING", **WHOLE, **rehearsal)

    assert code != 0
    assert "removebg.W004" in said


def test_a_laptop_may_sell_without_hearing_of_events(tmp_path):
    code, said = check(tmp_path, STRIPE_SECRET_KEY=TEST)

    assert code == 0, said


@pytest.mark.parametrize(("stripe", "code"), [({}, 1), ({"STRIPE_SECRET_KEY": TEST}, 0)])
def test_free_credits_that_need_a_card_need_stripe(tmp_path, stripe, code):
    got, said = check(tmp_path, "--fail-level", "WARNING", FREE_CREDITS_REQUIRE="card", **stripe)

    assert (got, "removebg.W010" in said) == (code, bool(code)), said


def test_whoever_deploys_a_model_without_a_licence_to_earn_money_is_told(tmp_path):
    code, said = check(tmp_path, "--deploy", "--fail-level", "WARNING", **WHOLE, ALLOWED_MODELS="u2netp,silueta")

    assert code != 0
    assert "silueta: its licence" in said
    assert "u2netp" not in said


@pytest.mark.parametrize("missing", sorted({*WHOLE, *SELLING} - WITH_DEFAULTS))
def test_a_production_setting_that_is_left_out_is_named(tmp_path, missing):
    left = {name: value for name, value in {**WHOLE, **SELLING}.items() if name != missing}

    code, said = check(tmp_path, "--deploy", "--fail-level", "WARNING", **left)

    assert code != 0
    assert missing in said


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL"])
def test_production_refuses_to_start_without(tmp_path, missing):
    code, said = check(tmp_path, **{name: value for name, value in WHOLE.items() if name != missing})

    assert code != 0
    assert missing in said


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"TRUSTED_PROXIES": "one"}, "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"PUBLIC_URL": "https://www.example.com"}, "PUBLIC_URL has the host www.example.com"),
        ({"DEFAULT_FROM_EMAIL": "noreply@localhost"}, "DEFAULT_FROM_EMAIL"),
        ({"STAFF_SECOND_FACTOR": "false"}, "STAFF_SECOND_FACTOR"),
        ({"DATABASE_URL": "postgres://removebg@db.example.com/removebg"}, "DATABASE_URL: add ?sslmode=verify-full"),
        ({"DATABASE_URL": "postgres://removebg@10.0.0.2/removebg?sslmode=prefer"}, "DATABASE_URL"),
        ({"REDIS_URL": "redis://cache.example.com/0"}, "REDIS_URL: use rediss://"),
        ({"EMAIL_URL": "smtp://cutouts:secret@mail.example.com:25"}, "EMAIL_URL: use smtp+tls://"),
        ({"UNENCRYPTED_SERVICES": "database, cache"}, "UNENCRYPTED_SERVICES"),
        ({"SECURE_SSL_REDIRECT": "false"}, "SECURE_SSL_REDIRECT"),
        ({"SECURE_HSTS_SECONDS": "0"}, "SECURE_HSTS_SECONDS"),
    ],
)
def test_the_deployment_checks_name_a_wrong_setting(tmp_path, changed, named):
    code, said = check(tmp_path, "--deploy", "--fail-level", "WARNING", **{**WHOLE, **changed})

    assert code != 0
    assert named in said


def test_a_missing_number_of_proxies_is_an_error_and_0_is_an_answer(tmp_path):
    code, said = check(tmp_path, "--deploy", **{**WHOLE, "TRUSTED_PROXIES": ""})
    assert code != 0
    assert "removebg.E001" in said and "0 if clients connect directly" in said

    code, said = check(tmp_path, "--deploy", "--fail-level", "DEBUG", **{**WHOLE, "TRUSTED_PROXIES": "0"})
    assert code == 0, said


LOCAL = {
    "DATABASE_URL": "postgres://removebg@127.0.0.1/removebg",
    "REDIS_URL": "unix:///run/valkey.sock",
    "EMAIL_URL": "smtp://localhost:25",
}
PRIVATE = {
    "DATABASE_URL": "postgres://removebg@db/removebg",
    "REDIS_URL": "redis://cache:6379/0",
    "EMAIL_URL": "smtp://mail:25",
    "UNENCRYPTED_SERVICES": "database,redis,mail",
}


@pytest.mark.parametrize("services", [LOCAL, PRIVATE], ids=["local", "private"])
def test_services_may_be_plain_on_this_machine_or_on_purpose(tmp_path, services):
    code, said = check(tmp_path, "--deploy", "--fail-level", "WARNING", **{**WHOLE, **services})

    assert code == 0, said


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"PUBLIC_URL": "http://cutouts.example.com"}, "PUBLIC_URL"),
        ({"WEB_PROCESSES": "4", "REDIS_URL": ""}, "REDIS_URL"),
        ({"DEPLOYMENT": "prod"}, "DEPLOYMENT"),
        ({"MAX_IMAGE_PIXELS": "many"}, "MAX_IMAGE_PIXELS"),
        ({"IMAGE_SLOTS": "0"}, "IMAGE_SLOTS"),
        ({"STRANGER_RATE": "often"}, "STRANGER_RATE"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"MODEL_NAME": "no-such-model"}, "MODEL_NAME"),
        ({"ALLOWED_MODELS": "u2netp, no-such-model"}, "ALLOWED_MODELS may hold isnet-general-use"),
        ({"EXTRA_MODELS_OPEN": "0"}, "EXTRA_MODELS_OPEN"),
        ({"FETCH_ALLOWED_NETWORKS": "10.0.0.0/8, intranet"}, "FETCH_ALLOWED_NETWORKS"),
        ({"FETCH_PORTS": "80, 70000"}, "FETCH_PORTS"),
        ({"FETCH_DEADLINE_S": "0"}, "FETCH_DEADLINE_S"),
        ({"GOOGLE_CLIENT_ID": "id"}, "GOOGLE_CLIENT_SECRET is not set"),
        ({"EMAIL_URL": "smtp://"}, "EMAIL_URL"),
        ({"STRIPE_SECRET_KEY": LIVE}, "needs STRIPE_WEBHOOK_SECRETS"),
        ({"STRIPE_WEBHOOK_SECRETS": SIGNING}, "needs STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "pk_live_abcdef", "STRIPE_WEBHOOK_SECRETS": SIGNING}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": LIVE, "STRIPE_WEBHOOK_SECRETS": f"{SIGNING}, whsec_"}, "STRIPE_WEBHOOK_SECRETS"),
        ({**SELLING, "STRIPE_API_BASE": "http://127.0.0.1:8420"}, "STRIPE_API_BASE"),
        ({**SELLING, "STRIPE_SECRET_KEY": TEST, "STRIPE_API_BASE": "https://stripe.example.com"}, "STRIPE_API_BASE"),
        ({**SELLING, "CHECKOUT_OPEN_MINUTES": "1440"}, "CHECKOUT_OPEN_MINUTES"),
    ],
)
def test_a_wrong_value_stops_the_start_and_is_named(tmp_path, changed, named):
    code, said = check(tmp_path, **{**WHOLE, **changed})

    assert code != 0
    assert named in said


@pytest.mark.parametrize(
    "changed",
    [{"MODEL_NAME": "no-such-model"}, {"ALLOWED_MODELS": "u2netp,no-such-model"}, {"EXECUTION_PROVIDER": "gpu"}],
)
def test_a_server_does_not_start_with_a_name_that_it_does_not_know(tmp_path, changed):
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATA_DIR": str(tmp_path / "data")}
    start = [sys.executable, "-c", "import removebg.wsgi"]  # what gunicorn does, which runs no checks

    done = subprocess.run(start, cwd=PROJECT, env={**own, **changed}, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
    assert all(name in done.stderr for name in changed)
    assert "no-such-model" in done.stderr or "gpu" in done.stderr


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda: env.read_int("X", 1), "1.5"),
        (lambda: env.read_int("X", 1, minimum=2), "1"),
        (lambda: env.read_float("X", 1), "nan"),
        (lambda: env.read_float("X", 1), "inf"),
        (lambda: env.read_float("X", 1), "-1"),
        (lambda: env.read_bool("X", True), "perhaps"),
        (lambda: env.read_choice("X", ("a", "b"), "a"), "c"),
        (lambda: env.read_choices("X", ("a", "b")), "a, c"),
        (lambda: env.read_rate("X", "1/m"), "0/m"),
        (lambda: env.read_ports("X", (80,)), "0"),
        (lambda: env.read_ports("X", (80,)), "65536"),
        (lambda: env.read_ports("X", (80,)), "80, http"),
        (lambda: env.read_networks("X"), "10.0.0.1/8"),
        (lambda: env.read_url("X", "", schemes=("https",)), "cutouts.example.com"),
        (lambda: env.read_url("X", "", schemes=("https",)), "http://cutouts.example.com"),
        (lambda: env.read_url("X", "", schemes=("https",)), "https://"),
        (lambda: env.read_url("X", "", schemes=("https",)), "https://host:port"),
        (lambda: env.read_url("X", "", schemes=("redis", "unix")), "unix://"),
        (lambda: env.read_hosts("X", ()), "https://cutouts.example.com"),
        (lambda: env.read_hosts("X", ()), "cutouts.example.com:443"),
        (lambda: env.read_hosts("X", ()), "cut_outs.example.com"),
        (lambda: env.read_hosts("X", ()), "bücher.example.com"),
        (lambda: env.read_mail_address("X"), "nobody"),
        (lambda: env.read_mail_address("X"), "<b>x@example.com"),
        (lambda: env.read_mail_server("X", "consolemail://"), "carrier-pigeon://coop"),
        (lambda: env.read_networks("X"), "10.0.0.0/8, example.com"),
    ],
)
def test_a_reader_names_the_variable_it_cannot_read(monkeypatch, read, text):
    monkeypatch.setenv("X", text)

    with pytest.raises(ImproperlyConfigured, match=r"\bX\b"):
        read()


def test_readers_give_their_types(monkeypatch):
    monkeypatch.setenv("X", " 7 ")
    assert (env.read_int("X", 1), env.read_float("X", 1), env.read_text("X")) == (7, 7.0, "7")
    monkeypatch.setenv("X", "On")
    assert env.read_bool("X", False) is True
    monkeypatch.setenv("X", "a, ,b")
    assert env.read_list("X") == env.read_choices("X", ("b", "a")) == ["a", "b"]
    monkeypatch.setenv("X", "80, 8443")
    assert env.read_ports("X", (443,)) == [80, 8443]
    monkeypatch.setenv("X", "10.1.0.0/16, 192.168.1.7, fd00::/8")
    assert [str(network) for network in env.read_networks("X")] == ["10.1.0.0/16", "192.168.1.7/32", "fd00::/8"]
    monkeypatch.setenv("X", "")
    assert (env.read_ports("X", (80,)), env.read_networks("X")) == ([80], [])
    assert (env.read_int("X", 3), env.read_list("X", ["d"]), env.read_bool("X", False)) == (3, ["d"], False)


def test_options_in_the_database_url_are_kept_beside_ours(monkeypatch):
    monkeypatch.setenv("X", "postgres://u:p@db.example.com/removebg?sslmode=require&connect_timeout=2")

    options = with_our_options(env.read_database("X", ""), pool_size=7)["OPTIONS"]

    assert (options["sslmode"], options["connect_timeout"], options["pool"]["max_size"]) == ("require", 2, 7)


def test_sqlite_waits_for_its_write_lock_and_keeps_what_was_committed(monkeypatch):
    monkeypatch.setenv("X", "sqlite:////tmp/x.sqlite3")

    options = with_our_options(env.read_database("X", ""), pool_size=7)["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in options["init_command"]


@pytest.mark.parametrize(
    "pages", ["pay.example.com", "https://pay.example.com; script-src *", "https://pay.example.com/x"]
)
def test_stripe_s_pages_are_origins_and_nothing_else(tmp_path, pages):
    code, said = check(tmp_path, STRIPE_SECRET_KEY=TEST, STRIPE_PAGES=pages)

    assert code != 0
    assert "STRIPE_PAGES must hold origins" in said
