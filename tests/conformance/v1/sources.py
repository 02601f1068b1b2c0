"""Rows of the picture itself: five names in two body types, which of them wins, and everything that is no picture."""

from dataclasses import replace

from tests.conformance.rows import B64, File, Row, Url
from tests.conformance.standard import CUTOUT, SUBJECT
from tests.conformance.v1.making import refused, removed, without_source

DATA_URI = "data:image/png;base64,"
FIELDS, ERRORS, EMPTY = "api_reference 1.3", "api_reference 1.5, decisions 2", "api_reference 4.1(1)"
FORMS = "api_reference 1.3 (trap: urlencoded)"
FETCHED = "api_reference 1.3, issue 4.3"

ONE_WORD = "issue 4.3, reliability S13"

FILES = [
    removed("image_file", "multipart, PNG", {}, CUTOUT, FIELDS),
    removed("image_file", "multipart, JPEG", {"image_file": File("subject.jpg")}, CUTOUT, FIELDS),
    removed("image_file", "multipart, WebP", {"image_file": File("subject.webp")}, CUTOUT, FIELDS),
    removed(
        "image_file",
        "as application/octet-stream (MCP)",
        {"image_file": File("subject.png", "a", "application/octet-stream")},
        CUTOUT,
        "api_reference 1.3, 1.10",
    ),
    removed("image_file", "WebP named .txt", {"image_file": File("subject.webp", "notes.txt")}, CUTOUT, FIELDS),
    removed("file", "multipart", {"file": SUBJECT}, CUTOUT, FIELDS),
    removed(
        "file", "named file (poofbg)", {"file": File("subject.jpg", "file", "application/octet-stream")}, CUTOUT, FIELDS
    ),
    refused("image_file", "text in its place", {"image_file": "photo.jpg"}, "missing_image", "decisions 7"),
    refused(
        "image_file",
        "text in its place, urlencoded",
        {"image_file": "a.jpg"},
        "missing_image",
        "decisions 7",
        body="urlencoded",
    ),
    refused("file", "text in its place", {"file": "photo.jpg"}, "missing_image", "decisions 7"),
    refused("image_file", "a letter", {"image_file": File("text.txt", "a.png")}, "validation_error", ERRORS),
    refused("image_file", "a web page", {"image_file": File("page.html")}, "validation_error", ERRORS),
    refused("image_file", "a GIF", {"image_file": File("subject.gif")}, "validation_error", ERRORS),
    refused("image_file", "a JPEG cut short", {"image_file": File("cut_short.jpg")}, "validation_error", ERRORS),
    refused("image_file", "eight bytes of PNG", {"image_file": File("head_only.png")}, "validation_error", ERRORS),
    removed("image_file", "exactly 20 MiB", {"image_file": File("20_mib.png")}, CUTOUT, "decisions 2"),
    refused(
        "image_file",
        "a byte over 20 MiB",
        {"image_file": File("20_mib_and_a_byte.png")},
        "image_too_large",
        "decisions 2",
    ),
    refused("image_file", "over 50 MP", {"image_file": File("over_50_mp.png")}, "image_too_large", "decisions 2"),
    refused("image_file", "16,385 px a side", {"image_file": File("16385_wide.png")}, "image_too_large", "decisions 2"),
]

TEXTS = [
    removed(
        "image_file_b64", f"{body}, {words}", {"image_file_b64": B64("subject.png", prefix)}, CUTOUT, source, body=body
    )
    for body, source in (("multipart", FIELDS), ("urlencoded", FORMS))
    for words, prefix in (("plain", ""), ("data URI", DATA_URI))
] + [
    removed("image_file_b64", "exactly 20 MiB", {"image_file_b64": B64("20_mib.png")}, CUTOUT, "decisions 2"),
    refused(
        "image_file_b64",
        "a byte over 20 MiB",
        {"image_file_b64": B64("20_mib_and_a_byte.png")},
        "image_too_large",
        "decisions 2",
    ),
    refused(
        "image_file_b64", "over 50 MP", {"image_file_b64": B64("over_50_mp.png")}, "image_too_large", "decisions 2"
    ),
    refused("image_file_b64", "not base64", {"image_file_b64": "!!not base64!!"}, "validation_error", ERRORS),
    refused("image_file_b64", "a letter", {"image_file_b64": B64("text.txt")}, "validation_error", ERRORS),
    refused("image_file_b64", "empty", {"image_file_b64": ""}, "missing_image", EMPTY),
]

ADDRESSES = [
    removed(name, body, {name: Url("/subject.png")}, CUTOUT, source, body=body)
    for name in ("image_url", "url")
    for body, source in (("multipart", FIELDS), ("urlencoded", FORMS))
] + [
    removed("image_url", "three redirects", {"image_url": Url("/redirects/3/subject.png")}, CUTOUT, FIELDS),
    removed("url", "one redirect", {"url": Url("/redirects/1/subject.png")}, CUTOUT, FIELDS, body="urlencoded"),
    *(
        refused(name, words, {name: url}, "validation_error", FETCHED, names=name)
        for name, words, url in (
            ("image_url", "four redirects", Url("/redirects/4/subject.png")),
            ("image_url", "answered 404", Url("/status/404")),
            ("image_url", "answered 500", Url("/status/500")),
            ("image_url", "a private address", Url("/a.png", "10.0.0.1")),
            ("image_url", "redirect to a private address", Url("/elsewhere/10.0.0.1")),
            ("image_url", "a metadata service", Url("/latest", "169.254.169.254")),
            ("image_url", "a port that is not open to it", "http://127.0.0.1:1/a.png"),
            ("image_url", "malformed: 'picture.png'", "picture.png"),
            ("image_url", "malformed: 'http://'", "http://"),
            ("image_url", "another scheme: ftp", "ftp://example.com/a.png"),
            ("image_url", "another scheme: file", "file:///etc/passwd"),
            ("url", "answered 404", Url("/status/404")),
            ("url", "a private address", Url("/a.png", "192.168.0.1")),
            ("url", "malformed", "picture.png"),
        )
    ),
    *(
        refused("image_url", words, {"image_url": Url(path)}, "validation_error", ONE_WORD, names="image_url")
        for words, path in (("of a letter", "/text.txt"), ("of a web page", "/page.html"), ("of nothing", "/empty.png"))
    ),
    refused("image_url", "of more than 50 MP", {"image_url": Url("/over_50_mp.png")}, "image_too_large", "decisions 2"),
    refused("image_url", "empty", {"image_url": ""}, "missing_image", EMPTY),
    refused("url", "empty", {"url": ""}, "missing_image", EMPTY),
]

# Each pair sends pictures of different sizes; the size of the answer tells which was taken.
ORDER = "api_reference 1.3, decisions 7, issue 4.2"
WINNER, LOSER = "subject.png", "40x30.png"


def _wins(first: str, second: str) -> Row:
    fields = {first: _as(first, WINNER), second: _as(second, LOSER)}
    return removed("sources", f"{first} wins over {second}", fields, CUTOUT, ORDER)


def _as(name: str, picture: str):
    if name in ("image_file", "file"):
        return File(picture)
    return B64(picture) if name == "image_file_b64" else Url(f"/{picture}")


NAMES = ("image_file", "file", "image_file_b64", "image_url", "url")
COMBINATIONS = [
    *(_wins(first, second) for number, first in enumerate(NAMES) for second in NAMES[number + 1 :]),
    removed(
        "sources", "file, others empty", {"image_file": SUBJECT, "image_file_b64": "", "image_url": ""}, CUTOUT, EMPTY
    ),
    removed(
        "sources",
        "url, others empty",
        {"url": Url("/subject.png"), "image_file": "", "image_file_b64": ""},
        CUTOUT,
        EMPTY,
    ),
    without_source(refused("sources", "none, multipart", {"size": "preview"}, "missing_image", "decisions 7")),
    without_source(
        refused("sources", "none, urlencoded", {"size": "preview"}, "missing_image", "decisions 7", body="urlencoded")
    ),
    refused(
        "sources", "base64, JSON", {"image_file_b64": B64("subject.png")}, "missing_image", "decisions 7", body="json"
    ),
    refused("sources", "URL, JSON", {"image_url": Url("/subject.png")}, "missing_image", "decisions 7", body="json"),
    without_source(refused("sources", "none, JSON", {}, "missing_image", "decisions 7", body="json")),
]


def _raw(value: str, content: bytes, content_type: str) -> Row:
    row = refused("body", value, {}, "missing_image", "decisions 7", body="raw", raw=content, content_type=content_type)
    return without_source(row)


BODY = [
    _raw("no body, no type", b"", ""),
    _raw("plain text", b"abc", "text/plain"),
    _raw("broken JSON", b'{"url": ', "application/json"),
    _raw("JSON of 5,000 brackets", b"[" * 5000, "application/json"),
    _raw("a picture as the whole body", b"\x89PNG", "image/png"),
    replace(
        _raw("multipart without a boundary", b"abc", "multipart/form-data"),
        expected=replace(refused("", "", {}, "", "").expected, code=None),
    ),
]

UNKNOWN = [
    removed(
        "unknown fields",
        "remove.bg's",
        {"type": "person", "semitransparency": "maybe", "roi": "x", "scale": "50%"},
        CUTOUT,
        FIELDS,
    ),
    removed("unknown fields", "any", {"compression": "9", "webhook_url": "x"}, CUTOUT, FIELDS),
]

ROWS = [*FILES, *TEXTS, *ADDRESSES, *COMBINATIONS, *BODY, *UNKNOWN]
