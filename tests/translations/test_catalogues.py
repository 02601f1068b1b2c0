"""Each catalogue is what the sources want, whole, and what the server reads of it; all of it without GNU gettext."""

import gettext
import re
from collections import Counter, defaultdict

import pytest
from django.conf import settings

from tests.translations.catalogues import as_mo, as_po, brought_up_to, read
from tests.translations.sources import APPS, PLACES, PROJECT, Place, strings_of

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[a-z]|%[sd]|%(?![\w(])")
TAG = re.compile(r"<code>.*?</code>|<[^>]*>")

every_catalogue = pytest.mark.parametrize(
    ("place", "language"),
    [(place, language) for place in PLACES for language in LANGUAGES],
    ids=lambda part: f"{part.app}-{part.domain}" if isinstance(part, Place) else part,
)


@pytest.mark.parametrize("app", APPS)
def test_every_language_of_the_settings_has_its_catalogues_and_no_other_has(app):
    assert sorted(path.name for path in (PROJECT / app / "locale").iterdir()) == sorted(LANGUAGES)


@every_catalogue
def test_a_catalogue_holds_exactly_the_strings_of_the_sources(place, language):
    path = place.path(language)

    assert path.read_bytes() == as_po(brought_up_to(strings_of(place), read(path, language), language)), (
        "run `make messages`"
    )


@every_catalogue
def test_what_the_server_reads_is_what_people_wrote(place, language):
    written = read(place.path(language), language)

    compiled = as_mo(brought_up_to(written, written, language))
    assert place.path(language, "mo").read_bytes() == compiled, "run `make messages`"


@every_catalogue
def test_a_catalogue_is_whole(place, language):
    messages = [message for message in read(place.path(language), language) if message.id]

    assert [message.id for message in messages if message.fuzzy or not all(forms_of(message))] == []


@every_catalogue
def test_a_translation_keeps_values_tags_and_the_edges_of_its_string(place, language):
    catalog = read(place.path(language), language)
    exact = forms_for_one_number(catalog.plural_expr)

    wrong = []
    for message in catalog:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for number, form in enumerate(forms_of(message) if message.id else ()):
            may_leave_out = len(ids) > 1 and number in exact
            faults = [list(faults_of(string, form, may_leave_out=may_leave_out)) for string in ids if form]
            wrong += [f"{form!r}: {fault}" for fault in min(faults, key=len, default=())]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_string_of_two_catalogues_has_one_translation(language):
    """Django makes one catalogue of all: of two translations, one would be lost. A context tells meanings apart."""
    translations = defaultdict(set)
    for place in PLACES:
        for message in read(place.path(language), language):
            if message.id and place.domain == "django" and all(forms_of(message)):
                translations[message.id, message.context].add(message.string)

    assert {string: said for string, said in translations.items() if len(said) > 1} == {}


def forms_of(message):
    return message.string if isinstance(message.string, tuple | list) else (message.string,)


def forms_for_one_number(plural):
    """Return the forms that stand for one number only, such as Arabic's for two: words can say that number."""
    numbers = Counter(gettext.c2py(plural)(number) for number in range(1000))
    return {form for form, count in numbers.items() if count == 1}


def faults_of(string, form, *, may_leave_out):
    """Yield what a translation lost or made up."""
    wanted, given = Counter(PLACEHOLDER.findall(string)), Counter(PLACEHOLDER.findall(form))
    if given - wanted or (wanted - given and not (may_leave_out and (wanted - given).total() == 1)):
        yield f"has the values {sorted(given)}, not {sorted(wanted)}"
    if Counter(TAG.findall(string)) != Counter(TAG.findall(form)):
        yield f"has the tags {TAG.findall(form)}, not {TAG.findall(string)}"
    if string.endswith(":") != form.endswith(":"):
        yield "ends with a colon only on one side: in mails that makes a button"
    if form != form.strip() and string == string.strip() and not form.endswith("\N{NO-BREAK SPACE}"):
        yield "begins or ends with a blank"
