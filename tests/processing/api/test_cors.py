"""Pages of other sites may call v1.0, as plug-ins do from a web view; v1 is called from servers."""

from django.test import Client

from tests.processing.api.conftest import picture_bytes, upload

ORIGIN = "https://www.figma.com"
ASKED = {"origin": ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}


def test_a_browser_is_told_before_it_calls(db):
    answer = Client().options("/v1.0/removebg", headers=ASKED)

    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "x-api-key" in answer["Access-Control-Allow-Headers"]
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in answer


def test_answers_and_errors_can_be_read_with_their_headers(alice, disc):
    delivered = alice.post("/v1.0/removebg", {"image_file": upload("x.png", picture_bytes())}, origin=ORIGIN)
    refused = alice.post("/v1.0/removebg", {}, origin=ORIGIN)

    for answer in (delivered, refused):
        assert answer["Access-Control-Allow-Origin"] == "*"
        exposed = answer["Access-Control-Expose-Headers"].lower().replace(" ", "").split(",")
        missing = [name for name in answer.headers if name.startswith("X-") and name.lower() not in exposed]
        assert set(missing) <= {"X-Frame-Options", "X-Content-Type-Options"}
        assert "retry-after" in exposed
    assert "x-credits-charged" in exposed


def test_a_plain_options_names_the_methods_without_a_key(stranger):
    answer = stranger.call("OPTIONS", "/v1.0/removebg")

    assert (answer.status_code, answer["Allow"]) == (200, "POST, OPTIONS")


def test_pages_and_v1_are_closed_to_other_sites(alice):
    for path in ("/", "/v1/me", "/account/login/"):
        assert "Access-Control-Allow-Origin" not in alice.get(path, origin=ORIGIN)
