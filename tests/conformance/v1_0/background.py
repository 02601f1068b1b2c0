"""Rows of what the subject stands on: bg_color, bg_image_file, bg_image_url, shadows, semitransparency."""

from tests.conformance.rows import B64, BLUE, RED, WHITE, YELLOW, Facts, File, Url, short
from tests.conformance.standard import CUTOUT
from tests.conformance.v1_0.making import on_colour, refused, removed

REFERENCE, ERRORS, EMPTY = "api_reference 2.3", "api_reference 2.5", "api_reference 4.1(1)"
SKY = (129, 212, 250)
IN_JSON = {"image_file_b64": B64("subject.png")}


def _seen_through(red: int, green: int, blue: int, alpha: int, image_format: str = "PNG") -> Facts:
    """Return the facts of a cutout on a colour that lets something through."""
    colours = {(100, 100): (*RED, 255), (200, 100): (*BLUE, 255), (2, 2): (red, green, blue, alpha)}
    return Facts(image_format, "RGBA", (300, 200), colours=colours)  # type: ignore[arg-type]


def _coloured(text: str, facts: Facts, source: str = REFERENCE, **fields: str):
    extra = "".join(f", {name}={value}" for name, value in fields.items())
    return removed("bg_color", f"{text}{extra}", {"bg_color": text, **fields}, facts, source)


COLOUR = [
    removed("bg_color", "empty: none", {"bg_color": ""}, CUTOUT, EMPTY),
    _coloured("fff", on_colour(*WHITE)),
    _coloured("#fff", on_colour(*WHITE), "issue 4.1"),
    _coloured("0f0", on_colour(0, 255, 0)),
    _coloured("81d4fa", on_colour(*SKY)),
    _coloured("#81d4fa", on_colour(*SKY), "issue 4.1"),
    _coloured("81D4FA", on_colour(*SKY)),
    _coloured("81d4faff", on_colour(*SKY)),
    _coloured("f00f", on_colour(255, 0, 0)),
    _coloured("81d4fa77", _seen_through(*SKY, 119)),
    _coloured("#81d4fa77", _seen_through(*SKY, 119), "issue 4.1"),
    _coloured("8df7", _seen_through(136, 221, 255, 119)),
    _coloured("#8df7", _seen_through(136, 221, 255, 119), "issue 4.1"),
    _coloured("81d4fa77", _seen_through(*SKY, 119, "WEBP"), format="webp"),
    _coloured("81d4fa77", on_colour(196, 235, 253), format="jpg"),
    _coloured("00000000", CUTOUT),
    _coloured("red", on_colour(255, 0, 0)),
    _coloured("tomato", on_colour(255, 99, 71)),
    _coloured("Tomato", on_colour(255, 99, 71)),
    _coloured("81d4fa", on_colour(*SKY), format="jpg"),
    _coloured(
        "81d4fa", Facts("PNG", size=(300, 200), opaque=True, colours={(2, 2): SKY, (200, 100): BLUE}), format="png"
    ),
    _coloured(
        "81d4fa", Facts("WEBP", size=(300, 200), opaque=True, colours={(2, 2): SKY, (200, 100): BLUE}), format="webp"
    ),
    removed("bg_color", "81d4fa, JSON", {"bg_color": "81d4fa", **IN_JSON}, on_colour(*SKY), REFERENCE, body="json"),
    *(
        refused("bg_color", f"no colour: {short(text)}", {"bg_color": text}, "invalid_bg_color", ERRORS)
        for text in ("ggg", "12345", "1234567", "#", "ff", "nocolour", "##fff", "a" * 5000, "re\0d")
    ),
    refused("bg_color", "a number, JSON", {"bg_color": 12, **IN_JSON}, "invalid_bg_color", ERRORS, body="json"),
]

ON_YELLOW = on_colour(*YELLOW)
OPAQUE_PNG = Facts("PNG", size=(300, 200), opaque=True, colours={(2, 2): YELLOW, (100, 100): RED, (297, 197): YELLOW})
PICTURES = [
    removed(
        "bg_image_file",
        "covers, centred: cut left and right",
        {"bg_image_file": File("thirds_across.png")},
        ON_YELLOW,
        REFERENCE,
    ),
    removed(
        "bg_image_file",
        "covers, centred: cut above and below",
        {"bg_image_file": File("thirds_down.png")},
        ON_YELLOW,
        REFERENCE,
    ),
    removed(
        "bg_image_file",
        "with format=png",
        {"bg_image_file": File("thirds_down.png"), "format": "png"},
        OPAQUE_PNG,
        REFERENCE,
    ),
    refused("bg_image_file", "a letter", {"bg_image_file": File("text.txt")}, None, "api_reference 4.1(9)"),
    refused("bg_image_file", "text in its place", {"bg_image_file": "beach.jpg"}, "invalid_bg_image_file", REFERENCE),
    refused("bg_image_file", "over 50 MP", {"bg_image_file": File("over_50_mp.png")}, None, "api_reference 4.1(9)"),
    *(
        removed(
            "bg_image_url",
            f"covers, centred; {body}",
            {"bg_image_url": Url("/thirds_across.png"), **fields},
            ON_YELLOW,
            REFERENCE,
            body=body,
        )
        for body, fields in (("multipart", {}), ("urlencoded", IN_JSON), ("json", IN_JSON))
    ),
    removed(
        "bg_image_url", "one redirect", {"bg_image_url": Url("/redirects/1/thirds_down.png")}, ON_YELLOW, "issue 4.3"
    ),
    removed("bg_image_url", "empty: none", {"bg_image_url": ""}, CUTOUT, EMPTY),
    removed(
        "bg_image_url",
        "null, JSON: none",
        {"bg_image_url": None, **IN_JSON},
        CUTOUT,
        "api_reference 4.1(4)",
        body="json",
    ),
    *(
        refused("bg_image_url", words, {"bg_image_url": url}, "failed_bg_download", source)
        for words, url, source in (
            ("answered 404", Url("/status/404"), ERRORS),
            ("answered 500", Url("/status/500"), ERRORS),
            ("many redirects", Url("/redirects/30/thirds_down.png"), ERRORS),
            ("a private address", Url("/a.png", "192.168.0.1"), "issue 4.3"),
            ("redirect to a private address", Url("/elsewhere/10.0.0.1"), "issue 4.3"),
            ("of a letter", Url("/text.txt"), "issue 4.3, reliability S13"),
        )
    ),
    refused(
        "bg_image_url",
        "a port that is not open to it",
        {"bg_image_url": "http://127.0.0.1:1/a.png"},
        ("failed_bg_download", "invalid_bg_image_url"),
        "issue 4.3, reliability 1",
    ),
    *(
        refused("bg_image_url", f"malformed: {short(text)}", {"bg_image_url": text}, "invalid_bg_image_url", ERRORS)
        for text in ("picture.png", "http://", "ftp://example.com/a.png")
    ),
]

A_FILE, A_URL = {"bg_image_file": File("thirds_down.png")}, {"bg_image_url": Url("/thirds_down.png")}
A_COLOUR = {"bg_color": "fff"}
CONFLICTS = [
    refused("bg_*", words, fields, "multiple_bg_sources", "api_reference 2.3, 2.5")
    for words, fields in (
        ("colour and file", A_COLOUR | A_FILE),
        ("colour and URL", A_COLOUR | A_URL),
        ("file and URL", A_FILE | A_URL),
        ("all three", A_COLOUR | A_FILE | A_URL),
    )
] + [
    removed("bg_*", "colour, URL empty", {"bg_color": "ffff00", "bg_image_url": ""}, on_colour(255, 255, 0), EMPTY),
    removed("bg_*", "file, colour empty", {"bg_color": "", **A_FILE}, ON_YELLOW, EMPTY),
]

SHADE = Facts("PNG", "RGBA", (300, 200), shadow=True, shadow_at_most=0.5, colours={(100, 100): (*RED, 255)})
DARKER = Facts("PNG", "RGBA", (300, 200), shadow=True, colours={(100, 100): (*RED, 255)})
UNSHADED = Facts("PNG", "RGBA", (300, 200), shadow=False, subject=CUTOUT.subject)
SOME = Facts("PNG", "RGBA", (300, 200), colours={(100, 100): (*RED, 255)})
OWN_CODE = "issue 4.1 (a code of ours)"


def _shaded(parameter: str, value: str, fields, facts: Facts, source: str = REFERENCE, **more):
    return removed(parameter, value, fields, facts, source, **more)


def _up_to(share: float) -> Facts:
    return Facts("PNG", "RGBA", (300, 200), shadow=True, shadow_at_most=share)


SHADOW_TYPE = [
    _shaded("shadow_type", "empty: none", {"shadow_type": ""}, UNSHADED, EMPTY),
    _shaded("shadow_type", "none", {"shadow_type": "none"}, UNSHADED),
    _shaded("shadow_type", "drop", {"shadow_type": "drop"}, SHADE),
    _shaded("shadow_type", "auto: drop, as the type is other", {"shadow_type": "auto"}, SHADE),
    _shaded("shadow_type", "3D", {"shadow_type": "3D"}, DARKER, "issue 4.1"),
    _shaded("shadow_type", "car", {"shadow_type": "car"}, DARKER, "issue 4.1"),
    _shaded("shadow_type", "per type: other is drop", {"shadow_type[other]": "drop"}, SHADE),
    _shaded("shadow_type", "per type: other is none", {"shadow_type[other]": "none"}, UNSHADED),
    _shaded("shadow_type", "per type: car is car", {"shadow_type[car]": "car"}, SOME),
    _shaded("shadow_type", "per type: several", {"shadow_type[car]": "car", "shadow_type[other]": "drop"}, SHADE),
    _shaded("shadow_type", "drop, JSON", {"shadow_type": "drop", **IN_JSON}, SHADE, body="json"),
    refused("shadow_type", "unknown", {"shadow_type": "glow"}, "invalid_shadow_type", OWN_CODE),
    refused("shadow_type", "unknown, per type", {"shadow_type[other]": "glow"}, "invalid_shadow_type", OWN_CODE),
]

DROP = {"shadow_type": "drop"}
SHADOW_OPACITY = [
    _shaded("shadow_opacity", "empty: auto", DROP | {"shadow_opacity": ""}, SHADE, EMPTY),
    _shaded("shadow_opacity", "auto: 50", DROP | {"shadow_opacity": "auto"}, SHADE),
    _shaded("shadow_opacity", "0: no shadow", DROP | {"shadow_opacity": "0"}, UNSHADED),
    _shaded("shadow_opacity", "20", DROP | {"shadow_opacity": "20"}, _up_to(0.2)),
    _shaded("shadow_opacity", "50", DROP | {"shadow_opacity": "50"}, _up_to(0.5)),
    _shaded("shadow_opacity", "100", DROP | {"shadow_opacity": "100"}, DARKER),
    _shaded("shadow_opacity", "per type: other 0", DROP | {"shadow_opacity[other]": "0"}, UNSHADED),
    _shaded("shadow_opacity", "per type: other 20", DROP | {"shadow_opacity[other]": "20"}, _up_to(0.2)),
    _shaded("shadow_opacity", "per type: car 0 does not touch other", DROP | {"shadow_opacity[car]": "0"}, SHADE),
    _shaded("shadow_opacity", "without a shadow: no effect", {"shadow_opacity": "90"}, UNSHADED),
    _shaded("shadow_opacity", "a number, JSON", DROP | {"shadow_opacity": 20, **IN_JSON}, _up_to(0.2), body="json"),
    *(
        refused(
            "shadow_opacity",
            f"malformed: {short(text)}",
            DROP | {"shadow_opacity": text},
            "invalid_shadow_opacity",
            ERRORS,
        )
        for text in ("101", "-1", "dark", "50%")
    ),
    refused(
        "shadow_opacity",
        "malformed, per type",
        DROP | {"shadow_opacity[other]": "101"},
        "invalid_shadow_opacity",
        ERRORS,
    ),
]

ADD_SHADOW = (
    [
        _shaded("add_shadow", f"{text or 'empty'}: off", {"add_shadow": text}, UNSHADED, source)
        for text, source in (("false", REFERENCE), ("False", "issue 4.1"), ("0", "issue 4.1"), ("", EMPTY))
    ]
    + [
        _shaded("add_shadow", f"{text}: on", {"add_shadow": text}, SOME, source)
        for text, source in (("true", REFERENCE), ("TRUE", "issue 4.1"), ("1", "issue 4.1"))
    ]
    + [
        _shaded("add_shadow", "true, JSON", {"add_shadow": True, **IN_JSON}, SOME, "api_reference 4.1(4)", body="json"),
        _shaded(
            "add_shadow", "false, JSON", {"add_shadow": False, **IN_JSON}, UNSHADED, "api_reference 4.1(4)", body="json"
        ),
        _shaded(
            "add_shadow",
            "false conflicts with nothing",
            {"add_shadow": "false", "shadow_type": "drop"},
            SHADE,
            "api_reference 4.1(3)",
        ),
        _shaded("add_shadow", "true, shadow_type empty", {"add_shadow": "true", "shadow_type": ""}, SOME, EMPTY),
        refused(
            "add_shadow",
            "true with shadow_type",
            {"add_shadow": "true", "shadow_type": "drop"},
            "multiple_shadow_params",
            "api_reference 2.3, 2.5",
        ),
        refused(
            "add_shadow",
            "true with shadow_type[car]",
            {"add_shadow": "true", "shadow_type[car]": "car"},
            "multiple_shadow_params",
            "api_reference 2.3, 2.5",
        ),
        refused("add_shadow", "neither", {"add_shadow": "perhaps"}, "invalid_add_shadow", OWN_CODE),
        refused("add_shadow", "2", {"add_shadow": "2"}, "invalid_add_shadow", OWN_CODE),
    ]
)

SEMITRANSPARENCY = (
    [
        removed("semitransparency", value or "empty", {"semitransparency": value}, CUTOUT, source)
        for value, source in (("true", REFERENCE), ("false", REFERENCE), ("", EMPTY))
    ]
    + [
        removed(
            "semitransparency",
            f"{value}, JSON",
            {"semitransparency": value, **IN_JSON},
            CUTOUT,
            "api_reference 4.1(4)",
            body="json",
        )
        for value in (True, False, None)
    ]
    + [
        refused(
            "semitransparency",
            f"neither: {short(text)}",
            {"semitransparency": text},
            "invalid_semitransparency",
            ERRORS,
        )
        for text in ("maybe", "2", "50%")
    ]
)

ROWS = [*COLOUR, *PICTURES, *CONFLICTS, *SHADOW_TYPE, *SHADOW_OPACITY, *ADD_SHADOW, *SEMITRANSPARENCY]
