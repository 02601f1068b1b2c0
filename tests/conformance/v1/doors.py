"""Rows of who may come in, and of what stands beside the cutout: keys, credits, rates, GET /v1/me."""

from tests.conformance.rows import ABSENT, WHOLE, Expected, Facts, Keys, Row
from tests.conformance.standard import CUTOUT
from tests.conformance.v1.making import refused, removed, without_source

ME = "GET /v1/me"
KEYS = "api_reference 1.5, decisions 3"
STRANGERS = (
    ("missing", "no key", 401, "authentication_error"),
    ("wrong", "a wrong key", 401, "authentication_error"),
    ("revoked", "a revoked key", 401, "authentication_error"),
    ("of a suspended organization", "a suspended organization", 403, "permission_denied"),
)

DOOR = [
    removed("x-api-key", "valid", {}, CUTOUT, "api_reference 1.2"),
    *(
        refused("x-api-key", value, {}, code, KEYS, status=status, world=world)
        for value, world, status, code in STRANGERS
    ),
    refused(
        "x-api-key",
        "that may only read the account",
        {},
        "permission_denied",
        KEYS,
        status=403,
        world="a key that may only read the account",
    ),
    without_source(
        refused(
            "x-api-key",
            "missing, and no picture",
            {},
            "authentication_error",
            "decisions 1",
            status=401,
            world="no key",
        )
    ),
    refused("credits", "none left", {}, "payment_required", "api_reference 1.5", status=402, world="no credits left"),
    refused(
        "credits",
        "none left, but a bad field comes first",
        {"size": "tiny"},
        "validation_error",
        "decisions 1",
        world="no credits left",
    ),
    refused(
        "rate",
        "used up",
        {},
        "rate_limit_exceeded",
        "api_reference 1.5, 1.7",
        status=429,
        world="over the rate",
        gives={"Retry-After": WHOLE},
    ),
    refused(
        "load",
        "all slots taken",
        {},
        "server_busy",
        "decisions 3, 4",
        status=503,
        world="all slots taken",
        gives={"Retry-After": WHOLE},
    ),
    refused(
        "load",
        "as many in work as the plan allows",
        {},
        "rate_limit_exceeded",
        "decisions 6",
        status=429,
        world="as many in work as the plan allows",
        gives={"Retry-After": WHOLE},
    ),
    removed(
        "subject",
        "none to be found: delivered empty, charged",
        {},
        Facts("PNG", "RGBA", (300, 200), empty=True),
        "decisions 8",
        world="there is no subject",
    ),
    removed(
        "subject",
        "none to be found, crop: not cropped",
        {"crop": "true"},
        Facts("PNG", "RGBA", (300, 200), empty=True),
        "decisions 8",
        world="there is no subject",
    ),
    removed(
        "subject",
        "all of the picture",
        {},
        Facts("PNG", None, (300, 200), opaque=True, colours={(2, 2): (0, 150, 60)}),
        "api_reference 1.3",
        world="all is subject",
    ),
]

WAYS = [
    Row(endpoint, "method", "another", Expected(405, code="method_not_allowed"), "decisions 3")
    for endpoint in ("GET /v1/remove", "PUT /v1/remove", "POST /v1/me")
] + [
    Row(endpoint, "path", "unknown", Expected(404, code="not_found"), "decisions 3")
    for endpoint in ("GET /v1/nothing", "POST /v1/remove/x")
]

BODY = {"": Keys(frozenset({"organizationId", "plan", "maxCredits", "usedCredits", "autoRechargeThreshold"}))}
HAS_TEN = {"maxCredits": 10, "usedCredits": 0, "autoRechargeThreshold": None}
ME_ROWS = [
    Row(ME, "answer", "ten credits, none used", Expected(200, json=BODY | HAS_TEN), "api_reference 1.6, decisions 14"),
    Row(
        ME,
        "credits",
        "all of them held",
        Expected(200, json={"maxCredits": 10, "usedCredits": 10}),
        "decisions 14",
        world="no credits left",
    ),
    Row(
        ME,
        "rate",
        "exempt",
        Expected(200, json=HAS_TEN, headers={"Retry-After": ABSENT}),
        "decisions 6",
        world="over the rate",
    ),
    *(
        Row(ME, "x-api-key", value, Expected(status, code=code), KEYS, world=world)
        for value, world, status, code in STRANGERS
    ),
    Row(
        ME,
        "x-api-key",
        "that may only remove",
        Expected(403, code="permission_denied"),
        KEYS,
        world="a key that may only remove",
    ),
]

ROWS = [*DOOR, *WAYS, *ME_ROWS]
