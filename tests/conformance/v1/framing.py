"""Rows of what is cut away and how large the rest becomes: crop, padding, crop_margin, width, height, fit."""

from dataclasses import replace

from tests.conformance.rows import BLUE, CLEAR, RED, WHITE, Box, Facts, File, Row
from tests.conformance.standard import CUTOUT, MATTE
from tests.conformance.v1.making import framed, malformed, refused, removed, sized

FIELDS, EMPTY = "api_reference 1.3", "api_reference 4.1(1)"
TIGHT = "api_reference 1.3, decisions 9"
CROPPED = framed((150, 100), (0, 0, 150, 100), colours={(30, 50): (*RED, 255), (120, 50): (*BLUE, 255)})
ON = {"crop": "true"}

CROP = [
    *(removed("crop", f"{text}: on, tight", {"crop": text}, CROPPED, TIGHT) for text in ("true", "True", "TRUE", "1")),
    *(
        removed("crop", f"{text or 'empty'}: off", {"crop": text}, CUTOUT, source)
        for text, source in (("false", "api_reference 1.10"), ("False", FIELDS), ("0", FIELDS), ("", EMPTY))
    ),
    *(
        removed("crop", text, {"crop": text}, framed(size, (left, top, 150, 100), **more), FIELDS)
        for text, size, left, top, more in (
            ("3:2", (150, 100), 0, 0, {}),
            ("1:1", (150, 150), 0, 25, {"colours": {(75, 3): CLEAR, (75, 146): CLEAR}}),
            ("2:1", (200, 100), 25, 0, {}),
            ("16:9", (178, 100), 14, 0, {}),
            ("9:16", (150, 267), 0, 83, {"colours": {(75, 5): CLEAR, (75, 260): CLEAR}}),
            ("1:2", (150, 300), 0, 100, {"colours": {(75, 3): CLEAR, (75, 295): CLEAR}}),
            ("4:1", (400, 100), 125, 0, {"colours": {(3, 50): CLEAR, (396, 50): CLEAR}}),
            ("300:200", (150, 100), 0, 0, {}),
        )
    ),
    removed(
        "crop",
        "1:1 of a subject off centre: centred in the frame",
        {"crop": "1:1", "image_file": File("off_centre.png")},
        framed((150, 150), (0, 25, 150, 100)),
        FIELDS,
        world="the subject is off centre",
    ),
    removed(
        "crop",
        "1:2, jpg: beyond the picture is white",
        {"crop": "1:2", "format": "jpg"},
        Facts("JPEG", "RGB", (150, 300), size_within=4, colours={(75, 3): WHITE, (75, 295): WHITE, (30, 150): RED}),
        FIELDS,
    ),
    *malformed(
        "crop", ("perhaps", "yes", "2", "1:0", "0:1", "1:1:1", "1.5:1", "-1:1", "1:", ":1", "a:b", "1/1"), FIELDS
    ),
]


def _padded(text: str, size: tuple[int, int], left: int, top: int, words: str = "", **more) -> Row:
    fields = {"crop": "true", "padding": text} | more.pop("fields", {})
    facts = framed(size, (left, top, 150, 100), **more)
    return removed("padding", words or text, fields, facts, FIELDS)


PADDING = [
    removed("padding", "absent: 0", ON, CROPPED, "decisions 9"),
    removed("padding", "empty: 0", ON | {"padding": ""}, CROPPED, EMPTY),
    *(_padded(text, (150, 100), 0, 0) for text in ("0", "0%", "0.0")),
    _padded("0.1", (180, 120), 15, 10),
    _padded("10%", (180, 120), 15, 10, "10%: of the subject's width and height, on each side"),
    _padded("10%,7.5%", (180, 115), 15, 8, "10%,7.5%: horizontal, vertical"),
    _padded("0.2,0", (210, 100), 30, 0),
    _padded("0,20%", (150, 140), 0, 20),
    _padded("0.1,20%", (180, 140), 15, 20, "0.1,20%: mixed"),
    _padded("50%", (300, 200), 75, 50),
    _padded(
        "100%",
        (450, 300),
        150,
        100,
        "100%: beyond the picture is transparent",
        colours={(3, 3): CLEAR, (446, 296): CLEAR},
    ),
    _padded("1", (450, 300), 150, 100, "1: the same as 100%"),
    _padded("10%", (180, 180), 15, 40, "10%, then crop=1:1", fields={"crop": "1:1"}),
    _padded("0,50%", (200, 200), 25, 50, "0,50%, then crop=1:1", fields={"crop": "1:1"}),
    removed("padding", "10% without crop: ignored", {"padding": "10%"}, CUTOUT, FIELDS),
    *malformed(
        "padding",
        ("101%", "1.01", "-10%", "-0.1", "10px", "wide", "10%,10%,10%", "10%,", ",10%", "1e9", "nan"),
        FIELDS,
        crop="true",
    ),
]


def _margin(text: str, size: tuple[int, int], left: int, top: int, words: str = "", **fields: str) -> Row:
    facts = framed(size, (left, top, 150, 100))
    return removed("crop_margin", words or text, {"crop": "true", "crop_margin": text, **fields}, facts, FIELDS)


MARGIN = [
    removed("crop_margin", "empty: 0", ON | {"crop_margin": ""}, CROPPED, EMPTY),
    *(_margin(text, (150, 100), 0, 0) for text in ("0", "0px", "0%", "0 0", "0px 0% 0 0")),
    _margin("10%", (180, 120), 15, 10),
    _margin("10% 20%", (210, 120), 30, 10, "10% 20%: top and bottom, left and right"),
    _margin("10% 20% 30%", (210, 140), 30, 10, "10% 20% 30%: top, left and right, bottom"),
    _margin("10% 20% 30% 40%", (240, 140), 60, 10, "10% 20% 30% 40%: top, right, bottom, left"),
    _margin("10% 0", (150, 120), 0, 10),
    _margin("30px", (150, 100), 0, 0, "30px: ignored"),
    _margin("30px 30px", (150, 100), 0, 0, "30px 30px: ignored"),
    _margin("40%", (180, 120), 15, 10, "40%, padding=10%: ignored", padding="10%"),
    _margin("10%", (180, 120), 15, 10, "10%, padding empty", padding=""),
    _margin("10%", (150, 100), 0, 0, "10%, padding=0: ignored", padding="0"),
    _margin("10%", (180, 180), 15, 40, "10%, then crop=1:1", crop="1:1"),
    removed("crop_margin", "10% without crop: ignored", {"crop_margin": "10%"}, CUTOUT, FIELDS),
    *malformed("crop_margin", ("wide", "-10%", "10em", "0 0 0 0 0"), FIELDS, crop="true"),
]


def _resized(value: str, fields: dict[str, str], size: tuple[int, int], subject: Box | None, **more) -> Row:
    parameter = "fit" if "fit" in fields else "width, height"
    extra = {"world": more.pop("world")} if "world" in more else {}
    return removed(parameter, value, fields, sized(size, subject, **more), FIELDS, **extra)


OFF = {"image_file": File("off_centre.png")}
OFF_CENTRE = {"world": "the subject is off centre"}
RED_GROUND = {"channels": "rgb", "bg_color": "ff0000"}
RESIZED = [
    _resized("width alone keeps the ratio", {"width": "150"}, (150, 100), (38, 25, 75, 50)),
    _resized("width alone enlarges", {"width": "600"}, (600, 400), (150, 100, 300, 200), within=5),
    _resized("height alone keeps the ratio", {"height": "100"}, (150, 100), (38, 25, 75, 50)),
    _resized("height alone enlarges", {"height": "400"}, (600, 400), (150, 100, 300, 200), within=5),
    _resized(
        "both: contain",
        {"width": "200", "height": "200"},
        (200, 200),
        (50, 67, 100, 67),
        colours={(100, 10): CLEAR, (100, 190): CLEAR},
    ),
    _resized("both, the picture's own ratio", {"width": "150", "height": "100"}, (150, 100), (38, 25, 75, 50)),
    _resized("both, upright: contain", {"width": "100", "height": "300"}, (100, 300), (25, 133, 50, 33)),
    _resized(
        "both, larger: contain enlarges", {"width": "600", "height": "600"}, (600, 600), (150, 200, 300, 200), within=5
    ),
    _resized("1 and 1", {"width": "1", "height": "1"}, (1, 1), None),
    _resized("6000 and 1", {"width": "6000", "height": "1"}, (6000, 1), None),
    removed("width, height", "empty", {"width": "", "height": ""}, CUTOUT, EMPTY),
    removed(
        "width, height",
        "width, height empty",
        {"width": "150", "height": ""},
        sized((150, 100), (38, 25, 75, 50)),
        EMPTY,
    ),
    removed(
        "width, height",
        "width, size=preview: size ignored",
        {"width": "290", "size": "preview"},
        sized((290, 193), size_within=1),
        FIELDS,
    ),
    removed(
        "width, height",
        "height, size=preview: size ignored",
        {"height": "190", "size": "preview"},
        sized((285, 190), size_within=1),
        FIELDS,
    ),
    removed(
        "width, height",
        "after crop",
        {"width": "300", "crop": "true"},
        sized((300, 200), (0, 0, 300, 200), within=6, size_within=6),
        FIELDS,
    ),
    removed(
        "width, height",
        "after crop and padding",
        {"width": "200", "height": "200", "crop": "true", "padding": "10%"},
        sized((200, 200), (17, 44, 167, 111), within=5),
        FIELDS,
    ),
    removed(
        "width, height",
        "both, channels=rgb: padded with bg_color",
        {"width": "200", "height": "200", **RED_GROUND},
        Facts("PNG", "RGB", (200, 200), colours={(100, 10): (255, 0, 0), (100, 190): (255, 0, 0), (70, 100): RED}),
        FIELDS,
    ),
    removed(
        "width, height",
        "both, jpg: padded with white",
        {"width": "200", "height": "200", "format": "jpg"},
        Facts("JPEG", "RGB", (200, 200), colours={(100, 10): WHITE, (100, 190): WHITE, (70, 100): RED}),
        FIELDS,
    ),
    removed(
        "width, height",
        "both, webp: padded with nothing",
        {"width": "200", "height": "200", "format": "webp"},
        Facts("WEBP", "RGBA", (200, 200), subject=(50, 67, 100, 67), colours={(100, 10): CLEAR}),
        FIELDS,
    ),
    removed(
        "width, height",
        "both, channels=alpha: padded with black",
        {"width": "200", "height": "200", "channels": "alpha"},
        replace(MATTE, size=(200, 200), subject=(50, 67, 100, 67), colours={(100, 100): 255, (100, 10): 0}),
        FIELDS,
    ),
    *malformed("width", ("0", "6001", "-5", "1.5", "abc", "100px", "1e3", "9" * 400), FIELDS),
    *malformed("height", ("0", "6001", "-5", "1.5", "abc", "100px"), FIELDS),
]

BOTH = {"width": "200", "height": "200"}
FIT = [
    removed("fit", "empty: contain", BOTH | {"fit": ""}, sized((200, 200), (50, 67, 100, 67)), EMPTY),
    _resized("contain", BOTH | {"fit": "contain"}, (200, 200), (50, 67, 100, 67), colours={(100, 10): CLEAR}),
    _resized("contain, width alone", {"width": "150", "fit": "contain"}, (150, 100), (38, 25, 75, 50)),
    _resized("cover", BOTH | {"fit": "cover"}, (200, 200), (25, 50, 150, 100)),
    _resized(
        "cover enlarges", {"width": "600", "height": "500", "fit": "cover"}, (600, 500), (113, 125, 375, 250), within=5
    ),
    _resized("cover, width alone", {"width": "150", "fit": "cover"}, (150, 100), (38, 25, 75, 50)),
    _resized(
        "cover, subject off centre, held by the edge",
        {**BOTH, "fit": "cover", **OFF},
        (200, 200),
        (15, 10, 150, 100),
        **OFF_CENTRE,
    ),
    _resized(
        "cover, subject off centre, upright",
        {"width": "100", "height": "200", "fit": "cover", **OFF},
        (100, 200),
        (0, 10, 100, 100),
        **OFF_CENTRE,
    ),
    _resized(
        "cover, subject off centre, flat",
        {"width": "300", "height": "110", "fit": "cover", **OFF},
        (300, 110),
        (15, 5, 150, 100),
        **OFF_CENTRE,
    ),
    _resized(
        "scale-down, smaller: contain",
        {"width": "150", "height": "150", "fit": "scale-down"},
        (150, 150),
        (38, 50, 75, 50),
    ),
    _resized(
        "scale-down, larger: centred, not enlarged",
        {"width": "600", "height": "600", "fit": "scale-down"},
        (600, 600),
        (225, 250, 150, 100),
    ),
    _resized(
        "scale-down, one side larger",
        {"width": "400", "height": "100", "fit": "scale-down"},
        (400, 100),
        (162, 25, 75, 50),
    ),
    _resized("scale-down, width alone, larger", {"width": "600", "fit": "scale-down"}, (300, 200), (75, 50, 150, 100)),
    _resized("scale-down, width alone, smaller", {"width": "150", "fit": "scale-down"}, (150, 100), (38, 25, 75, 50)),
    *(
        removed("fit", f"{name}, no width or height: no effect", {"fit": name}, CUTOUT, FIELDS)
        for name in ("contain", "cover", "scale-down")
    ),
    removed(
        "fit",
        "scale-down, larger, jpg: on white",
        {"width": "400", "height": "400", "fit": "scale-down", "format": "jpg"},
        Facts("JPEG", "RGB", (400, 400), colours={(200, 20): WHITE, (150, 200): RED, (55, 105): WHITE}),
        FIELDS,
    ),
    *malformed("fit", ("fill", "stretch", "scale_down"), FIELDS),
    refused("fit", "unknown, beside width", {"fit": "fill", "width": "100"}, "validation_error", FIELDS, names="fit"),
]

ROWS = [*CROP, *PADDING, *MARGIN, *RESIZED, *FIT]
