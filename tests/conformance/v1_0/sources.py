"""Rows of the picture itself: three sources in three body types, and everything that is no picture."""

from tests.conformance.rows import B64, File, Url, short
from tests.conformance.standard import CUTOUT
from tests.conformance.v1_0.making import refused, removed, without_source

DATA_URI = "data:image/png;base64,"
BODIES, B64_FIELD, URL_FIELD = "api_reference 2.2", "api_reference 2.3", "api_reference 2.3"
ABSENT, ERRORS, LIMITS = "api_reference 4.1(1)", "api_reference 2.5", "api_reference 2.3, decisions 2"

ONE_WORD = "issue 4.3, reliability S13"
NOT_FETCHED, LED_ASTRAY = "failed_image_download", "/elsewhere/10.0.0.1"

FILES = [
    removed("image_file", "multipart, PNG", {}, CUTOUT, BODIES),
    removed("image_file", "multipart, JPEG", {"image_file": File("subject.jpg")}, CUTOUT, "api_reference 2.3"),
    removed("image_file", "multipart, WebP", {"image_file": File("subject.webp")}, CUTOUT, "api_reference 2.3"),
    removed(
        "image_file", "PNG named .jpg", {"image_file": File("subject.png", "a.jpg")}, CUTOUT, "api_reference 4.1(6)"
    ),
    removed(
        "image_file",
        "JPEG named .png (PHP)",
        {"image_file": File("subject.jpg", "photo.png", "image/png")},
        CUTOUT,
        "api_reference 4.1(6)",
    ),
    removed(
        "image_file",
        "named image_file (remove-bg-api)",
        {"image_file": File("subject.png", "image_file", "application/octet-stream")},
        CUTOUT,
        "api_reference 4.1(6)",
    ),
    refused("image_file", "text in its place, multipart", {"image_file": "photo.jpg"}, "missing_source", "issue 4.1"),
    refused(
        "image_file",
        "text in its place, urlencoded",
        {"image_file": "photo.jpg"},
        "missing_source",
        BODIES,
        body="urlencoded",
    ),
    refused("image_file", "text in JSON", {"image_file": "photo.jpg"}, "missing_source", BODIES, body="json"),
    refused("image_file", "empty text", {"image_file": ""}, "missing_source", ABSENT),
    refused("image_file", "a letter", {"image_file": File("text.txt", "a.png")}, "invalid_file_type", ERRORS),
    refused("image_file", "a web page", {"image_file": File("page.html", "a.jpg")}, "invalid_file_type", ERRORS),
    refused("image_file", "a GIF", {"image_file": File("subject.gif")}, "invalid_file_type", ERRORS),
    refused("image_file", "a BMP", {"image_file": File("subject.bmp")}, "invalid_file_type", ERRORS),
    refused("image_file", "a JPEG cut short", {"image_file": File("cut_short.jpg")}, "failed_to_read_image", ERRORS),
    refused("image_file", "eight bytes of PNG", {"image_file": File("head_only.png")}, "failed_to_read_image", ERRORS),
    removed("image_file", "exactly 22,000,000 bytes", {"image_file": File("22_000_000_bytes.png")}, CUTOUT, LIMITS),
    refused(
        "image_file",
        "22,000,001 bytes",
        {"image_file": File("22_000_001_bytes.png")},
        "file_too_large",
        "api_reference 2.5",
        title="File too large",
        detail="File exceeds limit of 22MB",
    ),
    refused("image_file", "over 50 MP", {"image_file": File("over_50_mp.png")}, "resolution_too_high", LIMITS),
    refused(
        "image_file", "16,385 px a side", {"image_file": File("16385_wide.png")}, "resolution_too_high", "decisions 2"
    ),
]

TEXTS = [
    removed(
        "image_file_b64", f"{body}, {words}", {"image_file_b64": B64("subject.png", prefix)}, CUTOUT, src, body=body
    )
    for body in ("multipart", "urlencoded", "json")
    for words, prefix, src in (("plain", "", BODIES), ("data URI", DATA_URI, "api_reference 2.3, issue 4.1"))
] + [
    removed(
        "image_file_b64",
        "data URI that names the wrong type",
        {"image_file_b64": B64("subject.webp", "data:image/jpeg;base64,")},
        CUTOUT,
        "api_reference 4.1(6)",
    ),
    removed(
        "image_file_b64",
        "exactly 22,000,000 bytes, JSON",
        {"image_file_b64": B64("22_000_000_bytes.png")},
        CUTOUT,
        "decisions 2",
        body="json",
    ),
    refused(
        "image_file_b64",
        "22,000,001 bytes, JSON",
        {"image_file_b64": B64("22_000_001_bytes.png")},
        "file_too_large",
        "decisions 2",
        body="json",
    ),
    refused("image_file_b64", "not base64", {"image_file_b64": "!!not base64!!"}, "failed_to_read_image", ERRORS),
    refused(
        "image_file_b64",
        "data URI, not base64",
        {"image_file_b64": DATA_URI + "!!not base64!!"},
        "failed_to_read_image",
        ERRORS,
    ),
    refused("image_file_b64", "a letter", {"image_file_b64": B64("text.txt")}, "invalid_file_type", ERRORS),
    refused("image_file_b64", "a GIF", {"image_file_b64": B64("subject.gif")}, "invalid_file_type", ERRORS),
    refused(
        "image_file_b64", "a JPEG cut short", {"image_file_b64": B64("cut_short.jpg")}, "failed_to_read_image", ERRORS
    ),
    refused("image_file_b64", "empty", {"image_file_b64": ""}, "missing_source", ABSENT),
    refused(
        "image_file_b64", "null, JSON", {"image_file_b64": None}, "missing_source", "api_reference 4.1(4)", body="json"
    ),
    refused("image_file_b64", "a number, JSON", {"image_file_b64": 7}, None, "api_reference 4.1(9)", body="json"),
]

ADDRESSES = (
    [
        removed("image_url", body, {"image_url": Url("/subject.png")}, CUTOUT, BODIES, body=body)
        for body in ("multipart", "urlencoded", "json")
    ]
    + [
        removed("image_url", "of a JPEG", {"image_url": Url("/subject.jpg")}, CUTOUT, URL_FIELD),
        removed("image_url", "with a query", {"image_url": Url("/subject.png?x=1&y=%20")}, CUTOUT, URL_FIELD),
        removed("image_url", "one redirect", {"image_url": Url("/redirects/1/subject.png")}, CUTOUT, "issue 4.3"),
        removed("image_url", "three redirects", {"image_url": Url("/redirects/3/subject.png")}, CUTOUT, "issue 4.3"),
        refused(
            "image_url",
            "many redirects",
            {"image_url": Url("/redirects/30/subject.png")},
            "failed_image_download",
            ERRORS,
        ),
        refused("image_url", "answered 404", {"image_url": Url("/status/404")}, "failed_image_download", ERRORS),
        refused("image_url", "answered 500", {"image_url": Url("/status/500")}, "failed_image_download", ERRORS),
        refused("image_url", "answered 204", {"image_url": Url("/status/204")}, "failed_image_download", ERRORS),
        refused(
            "image_url",
            "a private address",
            {"image_url": Url("/a.png", "10.0.0.1")},
            "failed_image_download",
            "issue 4.3",
        ),
        refused(
            "image_url",
            "a metadata service",
            {"image_url": Url("/a", "169.254.169.254")},
            "failed_image_download",
            "issue 4.3",
        ),
        refused(
            "image_url",
            "a port that is not open to it",
            {"image_url": "http://127.0.0.1:1/a"},
            ("failed_image_download", "invalid_image_url"),
            "issue 4.3, reliability 1",
        ),
        refused("image_url", "redirect to a private address", {"image_url": Url(LED_ASTRAY)}, NOT_FETCHED, "issue 4.3"),
        refused("image_url", "of a letter", {"image_url": Url("/text.txt")}, "failed_image_download", ONE_WORD),
        refused("image_url", "of a web page", {"image_url": Url("/page.html")}, "failed_image_download", ONE_WORD),
        refused("image_url", "of nothing", {"image_url": Url("/empty.png")}, "failed_image_download", ONE_WORD),
        refused(
            "image_url", "of a JPEG cut short", {"image_url": Url("/cut_short.jpg")}, "failed_to_read_image", ERRORS
        ),
        refused(
            "image_url", "of more than 50 MP", {"image_url": Url("/over_50_mp.png")}, "resolution_too_high", LIMITS
        ),
        refused("image_url", "empty", {"image_url": ""}, "missing_source", ABSENT),
        refused("image_url", "null, JSON", {"image_url": None}, "missing_source", "api_reference 4.1(4)", body="json"),
    ]
    + [
        refused(
            "image_url",
            f"malformed: {short(text)}",
            {"image_url": text},
            "invalid_image_url",
            "api_reference 2.3, 2.5",
        )
        for text in (
            "picture.png",
            "http://",
            "ftp://example.com/a.png",
            "file:///etc/passwd",
            "http://[::1/a.png",
            "http:// /",
        )
    ]
)

TWO = "api_reference 2.3, 2.5"
ALL_THREE = {"image_file": File("subject.png"), "image_file_b64": B64("subject.png"), "image_url": Url("/subject.png")}
COMBINATIONS = [
    refused(
        "sources",
        "file and base64",
        {k: ALL_THREE[k] for k in ("image_file", "image_file_b64")},
        "multiple_sources",
        TWO,
    ),
    refused("sources", "file and URL", {k: ALL_THREE[k] for k in ("image_file", "image_url")}, "multiple_sources", TWO),
    refused(
        "sources", "base64 and URL", {k: ALL_THREE[k] for k in ("image_file_b64", "image_url")}, "multiple_sources", TWO
    ),
    refused(
        "sources",
        "base64 and URL, JSON",
        {k: ALL_THREE[k] for k in ("image_file_b64", "image_url")},
        "multiple_sources",
        TWO,
        body="json",
    ),
    refused("sources", "all three", ALL_THREE, "multiple_sources", TWO),
    removed(
        "sources",
        "file, others empty",
        {"image_file": File("subject.png"), "image_file_b64": "", "image_url": ""},
        CUTOUT,
        ABSENT,
    ),
    removed(
        "sources",
        "URL, others empty",
        {"image_url": Url("/subject.png"), "image_file": "", "image_file_b64": ""},
        CUTOUT,
        ABSENT,
    ),
    removed(
        "sources",
        "base64, others null, JSON",
        {"image_file_b64": B64("subject.png"), "image_url": None, "image_file": None},
        CUTOUT,
        "api_reference 4.1(4)",
        body="json",
    ),
    without_source(refused("sources", "none, multipart", {"size": "preview"}, "missing_source", ERRORS)),
    without_source(
        refused("sources", "none, urlencoded", {"size": "preview"}, "missing_source", ERRORS, body="urlencoded")
    ),
    without_source(refused("sources", "none, JSON", {}, "missing_source", ERRORS, body="json")),
    without_source(refused("sources", "no fields at all", {}, "missing_source", ERRORS)),
]


def _raw(value, content, content_type, code):
    row = refused(
        "body", value, {}, code, "issue 4.1, api_reference 4.1(9)", body="raw", raw=content, content_type=content_type
    )
    return without_source(row)


BODY = [
    _raw("no body, no type", b"", "", "missing_source"),
    _raw("broken JSON", b'{"image_url": ', "application/json", "invalid_body"),
    _raw("JSON of 5,000 brackets", b"[" * 5000, "application/json", "invalid_body"),
    _raw("JSON that is not UTF-8", b'{"size": "\xff\xfe"}', "application/json", "invalid_body"),
    _raw("JSON that is a list", b"[]", "application/json", None),
    _raw("JSON that is a text", b'"subject.png"', "application/json", None),
    _raw("JSON null", b"null", "application/json", None),
    _raw("multipart without a boundary", b"abc", "multipart/form-data", None),
    _raw("multipart that breaks off", b"--x\r\nno headers", "multipart/form-data; boundary=x", None),
    _raw("plain text", b"abc", "text/plain", None),
    _raw("a picture as the whole body", b"\x89PNG", "image/png", None),
    removed(
        "body",
        "JSON with a charset",
        {"image_file_b64": B64("subject.png")},
        CUTOUT,
        BODIES,
        body="json",
        content_type="application/json; charset=utf-8",
    ),
]

UNKNOWN = [
    removed("unknown fields", "shadow_method, of 2021", {"shadow_method": "legacy"}, CUTOUT, "api_reference 2.3"),
    removed("unknown fields", "any", {"webhook": "x", "test": "true", "": "y"}, CUTOUT, "issue 4.1"),
]

ROWS = [*FILES, *TEXTS, *ADDRESSES, *COMBINATIONS, *BODY, *UNKNOWN]
