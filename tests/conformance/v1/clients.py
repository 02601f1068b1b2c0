"""Rows of whole requests, as published clients send them."""

from tests.conformance.rows import File, Url
from tests.conformance.standard import CUTOUT
from tests.conformance.v1.making import framed, removed

RAW = File("subject.jpg", "file", "application/octet-stream")
DEFAULTS = {"format": "png", "channels": "rgba", "size": "full"}
URL = {"url": Url("/subject.jpg")}

ROWS = [
    removed("whole requests", words, fields, facts, f"api_reference {source}", **more)
    for words, fields, facts, source, more in (
        ("poofbg, bytes", {"file": RAW, **DEFAULTS}, CUTOUT, "1.3, 1.10", {}),
        ("poofbg, URL: urlencoded", URL | DEFAULTS, CUTOUT, "1.3 (trap: urlencoded)", {"body": "urlencoded"}),
        (
            "poofbg, crop 1:1",
            {"file": RAW, "crop": "1:1", **DEFAULTS},
            framed((150, 150), (0, 25, 150, 100)),
            "1.3",
            {},
        ),
        ("@poof-bg/js: crop=false is sent", {"crop": "false", **DEFAULTS}, CUTOUT, "1.10", {}),
        ("n8n node: size=large", {"size": "large", "format": "png"}, CUTOUT, "1.10", {}),
        ("@poof-bg/mcp", {"image_file": RAW}, CUTOUT, "1.10", {}),
        (
            "curl: size=preview, crop=true",
            {"size": "preview", "crop": "true"},
            framed((150, 100), (0, 0, 150, 100)),
            "1.3",
            {},
        ),
    )
]
