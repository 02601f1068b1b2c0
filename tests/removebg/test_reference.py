"""The reference forgets nothing that the OpenAPI description says."""

import html
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, Scope
from removebg.error_catalogue import ERROR_PAGES
from removebg.reference.endpoints import endpoints, find_endpoint
from removebg.reference.error_examples import pages_of
from removebg.reference.openapi import description
from removebg.reference.samples import CALLS
from removebg.v1_0_error_catalogue import PAGE_BY_SLUG, SHARED_CODES, V1_0_ERROR_PAGES, v1_0_rows
from tests.factories import make_key, make_member, make_organization
from tests.test_docs import codes_of_v1_0

pytestmark = pytest.mark.django_db

OPERATIONS = [
    (path, method, operation)
    for path, operations in description()["paths"].items()
    for method, operation in operations.items()
]
BY_PATH = pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=[path for path, *_ in OPERATIONS])


def words_of(page):
    """Return what a reader of the page sees, and the names that its code elements hold."""
    text = page.content.decode()
    seen = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", text)))
    return seen, [html.unescape(code) for code in re.findall(r"<code[^>]*>([^<]*)</code>", text)]


def schemas_within(schema):
    """Yield a schema and all that it refers to or holds."""
    if "$ref" in schema:
        yield from schemas_within(description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        return
    yield schema
    for key in ("oneOf", "anyOf"):
        for inner in schema.get(key, ()):
            yield from schemas_within(inner)
    for inner in schema.get("properties", {}).values():
        yield from schemas_within(inner)
    if "items" in schema:
        yield from schemas_within(schema["items"])


def plain(sentence):
    return re.sub(r"\s+", " ", sentence.replace("`", ""))


@BY_PATH
def test_every_field_with_its_values_its_default_and_its_meaning_is_told(client, path, method, operation):
    seen, codes = words_of(client.get(f"/docs/api/{find_slug(path)}/"))
    forms = [body["schema"] for body in operation.get("requestBody", {}).get("content", {}).values()]
    told = 0

    for form in forms:
        for schema in schemas_within(form):
            for name, field in schema.get("properties", {}).items():
                told += 1
                assert name in codes
                assert plain(field.get("description", "")) in seen
                for value in field.get("enum", ()):
                    assert value in ("", None) or isinstance(value, bool | int) or value in codes, (name, value)
                if "default" in field and isinstance(field["default"], str):
                    assert field["default"] in codes
    assert told > 0 or method == "get"


@BY_PATH
def test_every_header_status_content_type_and_answer_is_told(client, path, method, operation):
    seen, codes = words_of(client.get(f"/docs/api/{find_slug(path)}/"))

    for parameter in operation.get("parameters", ()):
        assert parameter["name"] in codes
        assert plain(parameter["description"]) in seen
    for status, answer in operation["responses"].items():
        assert f" {status} " in f" {seen} "
        assert answer["description"] in seen
        for name, header in answer.get("headers", {}).items():
            assert name in codes
            assert int(status) >= 400 or plain(header["description"]) in seen
        for kind, body in answer.get("content", {}).items():
            assert kind in codes or int(status) >= 400
            for schema in schemas_within(body["schema"]):
                for name, field in schema.get("properties", {}).items():
                    holds_more = "$ref" in field or field.get("type") == "object" or "$ref" in field.get("items", {})
                    assert holds_more or any(re.split(r"[.\[]", code)[-1] == name for code in codes), name
            for code, example in body.get("examples", {}).items():
                assert int(status) < 400 or code in codes
                assert int(status) >= 400 or json.dumps(example["value"], indent=2) in codes


@BY_PATH
def test_a_key_is_asked_for_where_the_description_says_so(client, path, method, operation):
    assert operation["security"] == [{"apiKey": []}]
    assert "x-api-key" in words_of(client.get(f"/docs/api/{find_slug(path)}/"))[1]


def find_slug(path):
    return path.strip("/").replace("/", "-").replace(".", "-")


@BY_PATH
def test_every_error_answer_names_its_codes(path, method, operation):
    refusals = {int(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}

    for status, answer in refusals.items():
        examples = answer["content"]["application/json"]["examples"]
        assert set(examples) == {page.code for page in pages_of(path, status)}
        assert examples, status


def test_all_codes_are_spread_over_the_answers():
    told = {
        (path.split("/")[1], code)
        for path, _method, operation in OPERATIONS
        for status, answer in operation["responses"].items()
        if int(status) >= 400
        for code in answer["content"]["application/json"]["examples"]
    }

    # Where no endpoint is, none describes a 404 of v1.0.
    assert {code for dialect, code in told if dialect == "v1"} == {page.code for page in ERROR_PAGES}
    assert {code for dialect, code in told if dialect == "v1.0"} == codes_of_v1_0() - {"not_found"} | {
        "invalid_bg_image_file"
    }


def test_the_catalogue_of_v1_0_has_every_code_that_it_answers():
    assert {page.code for _status, page in v1_0_rows()} == codes_of_v1_0() | {"invalid_bg_image_file"}
    assert {page.code for page in V1_0_ERROR_PAGES} & SHARED_CODES == set()
    assert len(PAGE_BY_SLUG) == len(ERROR_PAGES) + len(V1_0_ERROR_PAGES)


def test_every_endpoint_has_its_samples():
    assert {endpoint.operation for endpoint in endpoints()} == set(CALLS)


def test_the_call_for_powershell_is_one_line_that_reads_the_variable_of_the_quickstart(client):
    page = html.unescape(client.get("/docs/quickstart/").content.decode())
    [call] = set(re.findall(r"^.*curl\.exe .*$", re.sub(r"<[^>]+>", "\n", page), re.MULTILINE))

    assert call.startswith("curl.exe --fail-with-body http")
    assert call.endswith('/v1/remove -H "x-api-key: $env:KEY" -F "image_file=@photo.jpg" -F "size=full" -o cutout.png')
    assert '$env:KEY = "' in page


def test_an_endpoint_that_does_not_exist_has_no_page(client):
    assert find_endpoint("v1-video") is None
    assert client.get("/docs/api/v1-video/").status_code == 404


def test_a_member_sees_which_key_to_use_and_nobody_elses(client):
    organization = make_organization()
    old = make_key(organization, name="old-one")
    key = make_key(organization, name="shop-import")
    make_key(organization, name="meter", scopes=[Scope.ACCOUNT_READ])
    bobs = make_key(make_organization("Bob's shop"), name="bobs-key")
    client.force_login(make_member(organization, role=Role.MEMBER))

    page = client.get("/docs/api/v1-remove/").content.decode()

    assert "shop-import" in page
    assert key.api_key.prefix in page
    assert key.secret not in page
    assert old.api_key.name not in page
    assert "meter" not in page
    assert bobs.api_key.prefix not in page


@pytest.mark.parametrize("path", ["/docs/api/v1-remove/", "/docs/quickstart/"])
def test_a_revoked_or_expired_key_is_not_recommended(client, path):
    from django.utils import timezone

    organization = make_organization()
    revoked, expired = make_key(organization, name="revoked-one"), make_key(organization, name="expired-one")
    type(revoked.api_key).objects.filter(pk=revoked.api_key.pk).update(revoked_at=timezone.now())
    type(expired.api_key).objects.filter(pk=expired.api_key.pk).update(expires_at=timezone.now())
    client.force_login(make_member(organization))

    page = client.get(path).content.decode()

    assert "revoked-one" not in page
    assert "expired-one" not in page
    assert "You have no key that works yet" in page


@pytest.mark.parametrize("path", ["/docs/api/v1-remove/", "/docs/quickstart/", "/docs/migrate/"])
def test_many_keys_cost_no_more_queries(client, path, django_assert_num_queries):
    organization = make_organization()
    make_key(organization, name="first")
    client.force_login(make_member(organization))
    client.get(path)
    with CaptureQueriesContext(connection) as one_key:
        client.get(path)
    for number in range(30):
        make_key(organization, name=f"key-{number}")

    with django_assert_num_queries(len(one_key)):
        assert client.get(path).status_code == 200
    assert len(one_key) < 12


def test_swagger_ui_comes_from_here_under_a_policy_of_its_own(client):
    page = client.get("/docs/swagger/")
    policy = page["Content-Security-Policy"]

    assert page.status_code == 200
    assert "'unsafe-inline'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert re.findall(r'(?:src|href)="(https?:)?//', page.content.decode()) == []
    assert "unsafe-inline" not in client.get("/docs/")["Content-Security-Policy"]


@pytest.mark.parametrize("page", PAGE_BY_SLUG.values(), ids=PAGE_BY_SLUG)
def test_every_code_has_a_page_with_reason_way_out_and_whether_to_retry(client, page):
    seen, codes = words_of(client.get(f"/docs/errors/{page.slug}"))

    assert page.code in codes
    for sentence in (page.title, page.why, page.way_out, page.retry):
        assert plain(sentence) in seen


def test_the_index_of_errors_leads_to_every_page(client):
    index = client.get("/docs/errors/").content.decode()

    assert [slug for slug in PAGE_BY_SLUG if f'href="/docs/errors/{slug}"' not in index] == []
