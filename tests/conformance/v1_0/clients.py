"""Rows of whole requests, as published clients send them."""

from dataclasses import replace

from tests.conformance.rows import B64, File, Url
from tests.conformance.standard import CUTOUT
from tests.conformance.v1_0.delivery import ZIP
from tests.conformance.v1_0.making import removed

BRILAM = {
    "size": "regular",
    "type": "auto",
    "type_level": "none",
    "format": "auto",
    "roi": "0 0 100% 100%",
    "crop": "false",
    "scale": "original",
    "position": "original",
    "channels": "rgba",
    "add_shadow": "false",
    "semitransparency": "true",
}
NODE_CLI = {
    "size": "auto",
    "type": "auto",
    "channels": "rgba",
    "format": "zip",
    **dict.fromkeys(("type_level", "roi", "crop", "crop_margin", "scale", "position", "add_shadow"), ""),
    **dict.fromkeys(("semitransparency", "bg_color"), ""),
}
NPM = {"size": "preview", "type": "auto", "crop": True, "crop_margin": "0"}
URL, TEXT = {"image_url": Url("/subject.jpg")}, {"image_file_b64": B64("subject.jpg")}
CROPPED = replace(CUTOUT, size=(150, 100), size_within=4, subject=(0, 0, 150, 100), colours={})
JSON = {"accept": "application/json"}

ROWS = [
    removed("whole requests", words, fields, facts, f"api_reference {source}", **more)
    for words, fields, facts, source, more in (
        ("PyPI removebg, file", BRILAM, CUTOUT, "4.1(2), 4.1(3)", {}),
        ("PyPI removebg, URL", BRILAM | URL, CUTOUT, "4.1(2), 4.1(3)", {"body": "urlencoded"}),
        ("PyPI removebg, base64", BRILAM | TEXT, CUTOUT, "4.1(2), 4.1(3)", {"body": "urlencoded"}),
        ("Node CLI: zip behind the user's back", NODE_CLI, ZIP, "4.1(1), 4.1(5)", {}),
        (
            "npm remove.bg, URL",
            NPM | URL,
            CROPPED,
            "4.3(4)",
            {"body": "json", "headers": JSON, "envelope": (0, 0, 150, 100)},
        ),
        (
            "npm remove.bg, base64",
            NPM | TEXT,
            CROPPED,
            "4.3(4)",
            {"body": "json", "headers": JSON, "envelope": (0, 0, 150, 100)},
        ),
        ("npm removd, base64: bytes", TEXT | {"size": "auto"}, CUTOUT, "4.2(6)", {"body": "json"}),
        ("Ruby, URL: zip", URL | {"size": "auto", "format": "zip"}, ZIP, "4.1(5), 4.3(1)", {"body": "urlencoded"}),
        ("PHP, base64", TEXT | {"size": "auto"}, CUTOUT, "4.3(3)", {"body": "urlencoded"}),
        ("PHP getBase64", {}, CUTOUT, "4.3(3)", {"headers": JSON, "envelope": (75, 50, 150, 100)}),
        (".NET", {"size": "auto"}, CUTOUT, "4.2(9)", {"headers": {"accept": "image/*"}}),
        ("GIMP", {"image_file": File("subject.png", "a.png")}, CUTOUT, "4.1(6)", {}),
        ("Figma", {"size": "auto"}, CUTOUT, "4.2(11)", {"headers": {"origin": "null"}}),
        ("n8n", URL | {"size": "auto"}, CUTOUT, "4.2(14)", {}),
    )
]
