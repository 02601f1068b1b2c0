"""Which language an answer speaks, and who is told so."""

import json
import re

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from accounts.models import User
from removebg import env
from tests.factories import make_key, make_member, make_organization

pytestmark = pytest.mark.django_db


def language_of(answer):
    found = re.search(r'<html lang="(\w+)"(?: dir="(\w+)")?>', answer.content.decode())
    return found[1], found[2]


@pytest.mark.parametrize(
    ("accepted", "lang", "direction"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", None),
        ("ar", "ar", "rtl"),
        ("fr-CA", "fr", None),
        ("es", "es", None),
        ("xx,ja", "en", None),
        ("", "en", None),
    ],
)
def test_a_page_speaks_what_the_browser_accepts(client, accepted, lang, direction):
    answer = client.get("/pricing/", headers={"accept-language": accepted})

    assert language_of(answer) == (lang, direction)
    assert answer["Content-Language"] == lang
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


def test_pages_of_problems_speak_it_too(client):
    assert "Diese Seite gibt es nicht" in client.get("/nowhere/", headers={"accept-language": "de"}).content.decode()


def test_what_was_chosen_in_the_footer_goes_before_what_the_browser_accepts(client):
    answer = client.post("/language/", {"language": "de", "next": "/pricing/?a=1"}, headers={"accept-language": "fr"})

    assert (answer.status_code, answer["Location"]) == (302, "/pricing/?a=1")
    assert language_of(client.get("/pricing/", headers={"accept-language": "fr"})) == ("de", None)


@pytest.mark.parametrize("code", ["xx", "it", "", "../de"])
def test_a_language_that_is_not_offered_changes_nothing(client, code):
    answer = client.post("/language/", {"language": code, "next": "/pricing/"})

    assert answer.status_code == 302
    assert configured.LANGUAGE_COOKIE_NAME not in answer.cookies


def test_the_choice_leads_to_no_other_site(client):
    assert client.post("/language/", {"language": "de", "next": "https://evil.example/"})["Location"] == "/"


def test_the_footer_offers_each_language_in_its_own_words(client):
    page = client.get("/pricing/", headers={"accept-language": "de"}).content.decode()
    offered = re.findall(r'<button class="link" name="language" value="(\w+)" lang="\1"[^>]*>([^<]+)</button>', page)

    assert offered == [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français"), ("ar", "العربيّة")]
    assert re.findall(r'value="(\w+)" lang="\w+" dir="auto" aria-current="true"', page) == ["de"]


def test_of_one_language_nothing_can_be_chosen(client, settings):
    settings.LANGUAGES = [("en", "English")]

    assert 'name="language"' not in client.get("/pricing/").content.decode()


def test_logging_in_brings_the_person_s_language_along(client):
    alice = make_member(make_organization())
    User.objects.filter(pk=alice.pk).update(language="de")
    client.post("/account/login/", {"login": alice.email, "password": "correct horse battery staple"})

    assert client.cookies[configured.LANGUAGE_COOKIE_NAME].value == "de"
    assert language_of(client.get("/dashboard/", headers={"accept-language": "fr"})) == ("de", None)


def test_who_has_no_language_takes_that_of_the_page_they_log_in_on(client):
    alice = make_member(make_organization())
    words = {"login": alice.email, "password": "correct horse battery staple"}
    client.post("/account/login/", words, headers={"accept-language": "ar"})

    alice.refresh_from_db()
    assert alice.language == "ar"


@pytest.mark.parametrize("path", ["/v1/me", "/v1.0/account", "/v1/nowhere", "/v1/remove"])
def test_the_api_speaks_english_and_does_not_depend_on_languages(client, path):
    german = client.post if path == "/v1/remove" else client.get
    answer = german(path, headers={"accept-language": "de", "cookie": f"{configured.LANGUAGE_COOKIE_NAME}=de"})
    plain = (client.post if path == "/v1/remove" else client.get)(path)

    told, same = json.loads(answer.content), json.loads(plain.content)
    told.pop("request_id", None), same.pop("request_id", None)
    assert told == same
    assert "Accept-Language" not in answer.get("Vary", "")
    assert "Content-Language" not in answer


def test_the_api_s_forms_speak_english(client):
    secret = make_key(make_organization()).secret
    headers = {"accept-language": "de", "x-api-key": secret}
    answer = client.post("/v1/remove", {"image_file": "text", "quality": "superb"}, headers=headers)

    assert answer.status_code == 400
    assert "is not a valid choice" in answer.content.decode() or "must be" in answer.content.decode()


def test_the_description_is_english_whoever_asks_first(client):
    from removebg.reference import endpoints, openapi

    openapi.description.cache_clear()
    endpoints.endpoints.cache_clear()
    german = client.get("/docs/api/v1-remove/", headers={"accept-language": "de"}).content.decode()
    english = client.get("/docs/api/v1-remove/", headers={"accept-language": "en"}).content.decode()

    said = re.compile(r'<(p|span|h1|h3)[^>]* lang="en" dir="ltr">(.*?)</\1>', re.DOTALL)
    assert said.findall(german) == said.findall(english)
    assert len(said.findall(german)) > 30
    assert "Header, die Sie senden" in german
    assert "Headers you send" in english


def test_people_are_told_in_their_language_why_a_photo_was_not_cut_out(client):
    answer = client.post("/try/remove", headers={"accept-language": "de"})

    assert (answer.status_code, answer["Content-Language"]) == (401, "de")
    assert (
        answer.json()["message"] == "Sie sind abgemeldet. Melden Sie sich wieder an und versuchen Sie es noch einmal."
    )


def test_the_core_s_words_are_translated_where_people_read_them():
    from processing.matting.errors import FileTooLarge, translatable
    from removebg.problems import problem_of

    error = FileTooLarge(
        translatable("The upload is larger than %(limit)g MB, the most one image may have."), values={"limit": 7}
    )
    with translation.override("de"):
        told = problem_of(error).message

    assert str(error) == "The upload is larger than 7 MB, the most one image may have."
    assert told == "Die hochgeladene Datei ist größer als 7 MB; mehr darf ein Bild nicht haben."


def test_numbers_and_dates_are_written_as_the_language_does(client):
    shop = make_organization(credits=12_345)
    make_key(shop)
    client.force_login(make_member(shop))
    german = client.get("/dashboard/", headers={"accept-language": "de"}).content.decode()
    english = client.get("/dashboard/", headers={"accept-language": "en"}).content.decode()

    assert "12.345" in german
    assert "12,345" in english


@pytest.mark.parametrize("language", [code for code, _name in configured.LANGUAGES])
def test_the_words_of_scripts_have_an_address_for_each_language(client, language):
    page = client.get("/", headers={"accept-language": language}).content.decode()
    address = re.search(r'src="(/words/[^"]+)"', page)[1]
    answer = client.get(address, headers={"accept-language": "de"})

    assert address.startswith(f"/words/{language}.js?")
    assert "immutable" in answer["Cache-Control"]
    assert "Vary" not in answer or "Accept-Language" not in answer["Vary"]
    assert ("Wird hochgeladen" in answer.content.decode()) == (language == "de")


def test_there_are_no_words_in_a_language_that_is_not_offered(client):
    assert client.get("/words/xx.js").status_code == 404


def test_files_and_programs_do_not_depend_on_languages(client):
    for path in ("/livez", "/brand.css", "/robots.txt", "/v1/openapi.yaml"):
        assert "Accept-Language" not in client.get(path).get("Vary", ""), path


def test_an_operator_may_offer_one_language_and_not_english(client, settings):
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("de", "Deutsch")], "de"

    page = client.get("/pricing/", headers={"accept-language": "en"})

    assert language_of(page) == ("de", None)
    assert "Ein Bild, ein Credit" in page.content.decode()
    assert client.get("/v1/me").json()["message"] == "This needs a valid API key. Send it in the `x-api-key` header."
    assert "Headers you send" not in client.get("/docs/api/v1-remove/").content.decode()


def test_a_setting_that_names_no_language_stops_the_start(monkeypatch):
    for wrong in ("klingon", "de,klingon", "it"):
        monkeypatch.setenv("LANGUAGES", wrong)
        with pytest.raises(ImproperlyConfigured, match="LANGUAGES"):
            env.read_languages("LANGUAGES", ("en",), configured.LOCALE_PATHS)


def test_the_operator_s_own_catalogues_go_before_ours(client, settings, tmp_path):
    from tests.translations.catalogues import as_mo, brought_up_to
    from tests.translations.sources import Place, strings_of

    catalog = brought_up_to(strings_of(Place("billing", "django")), strings_of(Place("billing", "django")), "de")
    catalog.add("One image, one credit", "Unser Preis")
    (tmp_path / "de/LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "de/LC_MESSAGES/django.mo").write_bytes(as_mo(catalog))
    settings.LOCALE_PATHS = [tmp_path, *settings.LOCALE_PATHS]

    page = client.get("/pricing/", headers={"accept-language": "de"}).content.decode()

    assert "Unser Preis" in page
    assert "Tarife" in page
