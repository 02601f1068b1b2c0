"""Rows of how a request is written: charset, media type, file names, white space."""

from dataclasses import replace

from tests.conformance.raw_bodies import MULTIPART, picture_part
from tests.conformance.rows import B64, Row
from tests.conformance.standard import CUTOUT
from tests.conformance.v1.making import refused, removed, without_source

BOUNDS, NAMES, WORDS = "issue 12.2", "reported_2026_11 F", "reported_2026_11 I"
BODIES = ("multipart", "urlencoded")
LINES, MEDIA_TYPES = "reported_2026_11 L", "reported_2026_11 T"
CODINGS = "issue 12 (RFC 9110, section 15.5.16)"
SENT = [("multipart", {}), *((body, {"image_file_b64": B64("subject.png")}) for body in ("urlencoded", "json"))]


def _part(value: str, source: str, content_type: str = MULTIPART, file_name: bytes = b'; filename="a.png"') -> Row:
    row = removed("body", value, {}, CUTOUT, source)
    return replace(row, body="raw", raw=picture_part(file_name=file_name), content_type=content_type, fields={})


ROWS = [
    *(
        refused(
            "Content-Encoding",
            f"{coding}, {body}",
            fields,
            "unsupported_content_encoding",
            CODINGS,
            status=415,
            body=body,
            headers={"Content-Encoding": coding},
            gives={"Accept-Encoding": "identity"},
        )
        for coding in ("gzip", "identity, BR")
        for body, fields in SENT
    ),
    *(
        removed(
            "Content-Encoding",
            f"identity, {body}",
            fields,
            CUTOUT,
            CODINGS,
            body=body,
            headers={"Content-Encoding": "Identity"},
        )
        for body, fields in SENT
        if body != "json"
    ),
    refused(
        "x-api-key",
        "over plain HTTP",
        {},
        "https_required",
        "attack_2026_11 22",
        status=403,
        world="plain HTTP in production",
    ),
    *(
        without_source(
            refused(
                "body", f"charset {charset}", {}, "validation_error", BOUNDS, body="raw", raw=b"x", content_type=kind
            )
        )
        for charset in ("punycode", "utf-7", "no-such-charset")
        for kind in (f"multipart/form-data; boundary=x; charset={charset}",)
    ),
    *(
        _part(f"charset {charset}", BOUNDS, f"{MULTIPART}; charset={charset}")
        for charset in ("UTF-8", "us-ascii", "iso-8859-1")
    ),
    _part("Multipart/Form-Data", MEDIA_TYPES, "Multipart/Form-Data; boundary=x"),
    _part("a file name in Latin-1", NAMES, file_name=b'; filename="f\xf6to.jpg"'),
    _part("a file name with quotes", NAMES, file_name=b'; filename="a"b.png"'),
    _part("no file name", NAMES, file_name=b""),
    *(
        removed(
            "image_file_b64",
            f"{body}, in lines",
            {"image_file_b64": B64("subject.png", line_length=76)},
            CUTOUT,
            LINES,
            body=body,
        )
        for body in BODIES
    ),
    *(
        removed(name, f"{word!r}: white space around it", {name: word}, CUTOUT, WORDS)
        for name, word in (("format", " PNG "), ("size", "FULL\r"), ("channels", "\trgba"), ("crop", " false "))
    ),
]
