"""Rows of who may come in, and of the endpoints beside the cutout: keys, credits, rates, CORS, account, improve."""

from dataclasses import replace

from tests.conformance.rows import B64, WHOLE, Containing, Expected, File, Keys, Kind, Row, Url
from tests.conformance.standard import CUTOUT, SUBJECT
from tests.conformance.v1_0.making import REMOVEBG, refused, removed, without_source

ACCOUNT, IMPROVE = "GET /v1.0/account", "POST /v1.0/improve"
KEYS, ERRORS = "api_reference 2.5, decisions 3", "api_reference 2.5"
STRANGERS = (
    ("missing", "no key", "Missing API Key"),
    ("wrong", "a wrong key", "API Key invalid"),
    ("revoked", "a revoked key", None),
    ("of a suspended organization", "a suspended organization", None),
)


def _locked(endpoint: str, value: str, world: str, title: str | None = None) -> Row:
    row = refused("X-Api-Key", value, {}, "auth_failed", KEYS, 403, world=world, title=title)
    return replace(row, endpoint=endpoint, fields={} if endpoint == ACCOUNT else row.fields)


DOOR = [
    removed("X-Api-Key", "valid", {}, CUTOUT, "api_reference 2.2"),
    *(_locked(REMOVEBG, value, world, title) for value, world, title in STRANGERS),
    _locked(REMOVEBG, "that may only read the account", "a key that may only read the account"),
    without_source(
        refused("X-Api-Key", "missing, and no picture", {}, "auth_failed", "decisions 1, 3", 403, world="no key")
    ),
    refused(
        "credits",
        "none left",
        {},
        "insufficient_credits",
        ERRORS,
        402,
        world="no credits left",
        title="Insufficient credits",
    ),
    refused(
        "credits",
        "none left, preview",
        {"size": "preview"},
        "insufficient_credits",
        "decisions 11",
        402,
        world="no credits left",
    ),
    refused(
        "credits",
        "none left, but a bad field comes first",
        {"size": "tiny"},
        "invalid_size",
        "decisions 1",
        world="no credits left",
    ),
    refused(
        "rate",
        "used up",
        {},
        "rate_limit_exceeded",
        "api_reference 2.5, 4.1(8)",
        429,
        world="over the rate",
        title="Rate limit exceeded",
        gives={"Retry-After": WHOLE},
    ),
    refused(
        "load", "all slots taken", {}, None, "decisions 4", 429, world="all slots taken", gives={"Retry-After": WHOLE}
    ),
    refused(
        "load",
        "as many in work as the plan allows",
        {},
        "rate_limit_exceeded",
        "decisions 6",
        429,
        world="as many in work as the plan allows",
        gives={"Retry-After": WHOLE},
    ),
    refused("subject", "none to be found", {}, "unknown_foreground", "decisions 8", world="there is no subject"),
    refused(
        "subject",
        "none, Accept: application/json",
        {},
        "unknown_foreground",
        "decisions 8",
        world="there is no subject",
        headers={"accept": "application/json"},
    ),
]

ORIGIN = {"origin": "https://www.figma.com"}
OPEN = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT = {
    **ORIGIN,
    "access-control-request-method": "POST",
    "access-control-request-headers": "x-api-key, content-type",
}
CORS = [
    removed(
        "Origin",
        "on success",
        {},
        CUTOUT,
        "api_reference 2.2, 4.1(11)",
        headers=ORIGIN,
        gives=OPEN
        | {"Access-Control-Expose-Headers": Containing(("X-Credits-Charged", "X-Type", "X-Width", "X-Height"))},
    ),
    refused(
        "Origin", "on a refusal", {"size": "tiny"}, "invalid_size", "api_reference 4.1(11)", headers=ORIGIN, gives=OPEN
    ),
    refused(
        "Origin",
        "without a key",
        {},
        "auth_failed",
        "api_reference 4.1(11)",
        403,
        world="no key",
        headers=ORIGIN,
        gives=OPEN,
    ),
    *(
        Row(
            endpoint,
            "preflight",
            "without a key",
            Expected(
                (200, 204),
                headers=OPEN
                | {
                    "Access-Control-Allow-Methods": Containing((method,)),
                    "Access-Control-Allow-Headers": Containing(("X-Api-Key",)),
                },
            ),
            "api_reference 4.1(11)",
            headers=PREFLIGHT | {"access-control-request-method": method},
            world="no key",
        )
        for endpoint, method in (("OPTIONS /v1.0/removebg", "POST"), ("OPTIONS /v1.0/account", "GET"))
    ),
]

WAYS = [
    Row(endpoint, "method", "another", Expected(405), "api_reference 4.1(9)")
    for endpoint in ("GET /v1.0/removebg", "PUT /v1.0/removebg", "GET /v1.0/improve", "POST /v1.0/account")
] + [
    Row(endpoint, "path", "unknown", Expected(404), "api_reference 4.1(9)")
    for endpoint in ("GET /v1.0/nothing", "POST /v1.0/nothing")
]

CREDITS = "data.attributes.credits"
HAS_TEN = {
    "data.attributes": Keys(frozenset({"credits", "api"})),
    CREDITS: Keys(frozenset({"total", "subscription", "payg", "enterprise"})),
    f"{CREDITS}.total": 10,
    f"{CREDITS}.subscription": Kind("number"),
    f"{CREDITS}.payg": Kind("number"),
    f"{CREDITS}.enterprise": Kind("number"),
    "data.attributes.api": Keys(frozenset({"free_calls", "sizes"})),
    "data.attributes.api.free_calls": Kind("whole number"),
    "data.attributes.api.sizes": "all",
}
ACCOUNT_ROWS = [
    Row(ACCOUNT, "answer", "ten credits, and no other keys", Expected(200, json=HAS_TEN), "api_reference 2.6"),
    Row(
        ACCOUNT,
        "credits",
        "all of them held",
        Expected(200, json={f"{CREDITS}.total": 0}),
        "api_reference 2.6, decisions 12",
        world="no credits left",
    ),
    Row(ACCOUNT, "rate", "exempt", Expected(200, json=HAS_TEN), "decisions 6", world="over the rate"),
    Row(
        ACCOUNT,
        "Origin",
        "on success",
        Expected(200, headers=OPEN, json=HAS_TEN),
        "api_reference 4.1(11)",
        headers=ORIGIN,
    ),
    *(_locked(ACCOUNT, value, world, title) for value, world, title in STRANGERS),
    _locked(ACCOUNT, "that may only remove", "a key that may only remove"),
]

AN_ID = Expected(200, json={"id": Kind("uuid")})
GIVEN_B64, GIVEN_URL = {"image_file_b64": B64("subject.png")}, {"image_url": Url("/subject.png")}


def _refused_improvement(value: str, fields, code: str, source: str = "api_reference 2.7", **more) -> Row:
    return Row(IMPROVE, "sources", value, Expected(400, code=code), source, fields, **more)


IMPROVE_ROWS = [
    Row(IMPROVE, "image_file", "multipart", AN_ID, "api_reference 2.7", {"image_file": SUBJECT}),
    *(
        Row(IMPROVE, "image_file_b64", body, AN_ID, "api_reference 2.7", GIVEN_B64, body)
        for body in ("multipart", "urlencoded", "json")
    ),
    *(
        Row(IMPROVE, "image_url", body, AN_ID, "api_reference 2.7", GIVEN_URL, body)
        for body in ("multipart", "urlencoded", "json")
    ),
    Row(
        IMPROVE,
        "image_filename, tag",
        "any",
        AN_ID,
        "api_reference 2.7",
        {"image_file": SUBJECT, "image_filename": "a.jpg", "tag": "shop"},
    ),
    Row(IMPROVE, "credits", "none needed", AN_ID, "issue 4.1 (free)", {"image_file": SUBJECT}, world="no credits left"),
    _refused_improvement("none", {"tag": "shop"}, "missing_source"),
    _refused_improvement("none, JSON", {}, "missing_source", body="json"),
    _refused_improvement("empty", {"image_file_b64": "", "image_url": ""}, "missing_source", "api_reference 4.1(1)"),
    _refused_improvement("two", GIVEN_B64 | GIVEN_URL, "multiple_sources"),
    _refused_improvement("a letter", {"image_file": File("text.txt")}, "invalid_file_type"),
    _refused_improvement("over 22,000,000 bytes", {"image_file": File("22_000_001_bytes.png")}, "file_too_large"),
    _refused_improvement("over 50 MP", {"image_file": File("over_50_mp.png")}, "resolution_too_high"),
    *(_locked(IMPROVE, value, world, title) for value, world, title in STRANGERS),
]

ROWS = [*DOOR, *CORS, *WAYS, *ACCOUNT_ROWS, *IMPROVE_ROWS]
