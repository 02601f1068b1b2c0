"""Rows of what is delivered and how: size in two vocabularies, format, channels, bg_color, headers."""

from dataclasses import replace

from tests.conformance.rows import WHITE, Facts, File, Kind, Row
from tests.conformance.standard import CUTOUT, MATTE, ON_WHITE
from tests.conformance.v1.making import OPAQUE, malformed, on_colour, refused, removed, sized

FIELDS, EMPTY = "api_reference 1.3", "api_reference 4.1(1)"
SIZES, RULED = "api_reference 1.3, decisions 10", "decisions 10"
WIDE, UPRIGHT, SMALL = "2400x400.png", "400x2400.png", "300x200.png"
MEGAPIXEL = 1_000_000


def _size(name: str, value: str, picture: str, size: tuple[int, int], source: str = SIZES, **more) -> Row:
    words = f"{value}, of {picture.replace('x', ' x ').rpartition('.')[0]}"
    fields = {"image_file": File(picture)} | ({} if name == "absent" else {"size": name})
    facts = Facts("PNG", "RGBA", size, size_within=1, at_most_pixels=more.pop("at_most", None))
    return removed("size", words, fields, facts, source, **more)


PIXELS = [
    _size("absent", "absent: full", WIDE, (2400, 400), FIELDS),
    _size("", "empty: full", WIDE, (2400, 400), EMPTY),
    _size("full", "full", WIDE, (2400, 400)),
    _size("preview", "preview: 256 px", WIDE, (256, 43)),
    _size("regular", "regular = preview", WIDE, (256, 43), "issue 4.2, api_reference 1.3"),
    _size("small", "small: 512 px", WIDE, (512, 85)),
    _size("medium", "medium: 1024 px", WIDE, (1024, 171)),
    _size("large", "large: 2048 px", WIDE, (2048, 341)),
    _size("preview", "preview: 256 px", UPRIGHT, (43, 256)),
    _size("large", "large: 2048 px", UPRIGHT, (341, 2048)),
    _size("hd", "hd: 4 MP", "2500x1700.png", (2425, 1649), RULED, at_most=4 * MEGAPIXEL),
    *(_size(name, f"{name} = full", WIDE, (2400, 400), FIELDS) for name in ("auto", "4k", "50MP")),
    _size("full", "full: no cap of 10 MP", "3400x3000.png", (3400, 3000), FIELDS),
    *(_size(name, f"{name}: never enlarged", SMALL, (300, 200)) for name in ("small", "medium", "large", "hd", "full")),
    removed(
        "size",
        "preview, after crop",
        {"image_file": File("1200x800.png"), "size": "preview", "crop": "true"},
        sized((256, 171), (0, 0, 256, 171), size_within=1),
        "api_reference 1.3",
    ),
    *malformed("size", ("tiny", "-1", "256", "preview,", "0.25", "pre\0view"), "api_reference 1.3"),
]

MEGAPIXELS = "decisions 10, issue 4.2"
CHOSEN = {"world": "megapixel vocabulary"}
BY_MEGAPIXELS = [
    _size("preview", "megapixels: preview, 0.25 MP", "1000x500.png", (707, 353), MEGAPIXELS, at_most=250_000, **CHOSEN),
    _size("preview", "megapixels: preview, never enlarged", SMALL, (300, 200), MEGAPIXELS, **CHOSEN),
    _size(
        "medium", "megapixels: medium, 1.5 MP", "2000x1500.png", (1414, 1060), MEGAPIXELS, at_most=1_500_000, **CHOSEN
    ),
    _size("medium", "megapixels: medium, wide", WIDE, (2400, 400), MEGAPIXELS, **CHOSEN),
    _size("small", "megapixels: small stays 512 px", WIDE, (512, 85), MEGAPIXELS, **CHOSEN),
    _size("large", "megapixels: large stays 2048 px", WIDE, (2048, 341), MEGAPIXELS, **CHOSEN),
    _size("hd", "megapixels: hd, 4 MP", "2500x1700.png", (2425, 1649), MEGAPIXELS, at_most=4 * MEGAPIXEL, **CHOSEN),
    _size("full", "megapixels: full", WIDE, (2400, 400), MEGAPIXELS, **CHOSEN),
    _size(
        "regular", "megapixels: regular = preview", "1000x500.png", (707, 353), MEGAPIXELS, at_most=250_000, **CHOSEN
    ),
]

FORMAT = [
    *(
        removed("format", words, {"format": text}, CUTOUT, source)
        for text, words, source in (("png", "png", FIELDS), ("auto", "auto: png", FIELDS), ("", "empty: png", EMPTY))
    ),
    removed("format", "jpg: on white", {"format": "jpg"}, ON_WHITE, FIELDS),
    removed("format", "jpg, channels=rgba: still opaque", {"format": "jpg", "channels": "rgba"}, ON_WHITE, FIELDS),
    removed("format", "webp", {"format": "webp"}, replace(CUTOUT, format="WEBP"), FIELDS),
    removed(
        "format", "webp, channels=rgb", {"format": "webp", "channels": "rgb"}, replace(OPAQUE, format="WEBP"), FIELDS
    ),
    removed("format", "auto, channels=rgb: png", {"format": "auto", "channels": "rgb"}, OPAQUE, FIELDS),
    *malformed("format", ("zip", "gif", "bmp", "mask", "webm"), "api_reference 1.3"),
]

CHANNELS = [
    removed("channels", "rgba", {"channels": "rgba"}, CUTOUT, FIELDS),
    removed("channels", "empty: rgba", {"channels": ""}, CUTOUT, EMPTY),
    removed("channels", "rgb: on white", {"channels": "rgb"}, OPAQUE, FIELDS),
    removed("channels", "alpha: a grey matte", {"channels": "alpha"}, MATTE, "api_reference 1.3, issue 4.2"),
    removed(
        "channels", "alpha, jpg", {"channels": "alpha", "format": "jpg"}, replace(MATTE, format="JPEG"), "issue 4.2"
    ),
    removed(
        "channels",
        "alpha, webp",
        {"channels": "alpha", "format": "webp"},
        Facts("WEBP", None, (300, 200), opaque=True, colours={(150, 100): 255, (2, 2): 0}),
        "issue 4.2",
    ),
    removed(
        "channels",
        "alpha, cropped",
        {"channels": "alpha", "crop": "true"},
        Facts("PNG", "L", (150, 100), size_within=4, subject=(0, 0, 150, 100)),
        "issue 4.2",
    ),
    *malformed("channels", ("cmyk", "rgb,rgba", "grey"), FIELDS),
]

RGB = {"channels": "rgb"}
COLOUR = [
    removed("bg_color", f"{text or 'empty'}, channels=rgb", {"bg_color": text, **RGB}, on_colour(*colour), source)
    for text, colour, source in (
        ("", WHITE, EMPTY),
        ("#fff", WHITE, FIELDS),
        ("#0f0", (0, 255, 0), FIELDS),
        ("#1a2B3c", (26, 43, 60), FIELDS),
        ("1a2b3c", (26, 43, 60), "issue 4.1 (one core)"),
        ("rgb(255, 128, 0)", (255, 128, 0), FIELDS),
        ("rgb(255,128,0)", (255, 128, 0), FIELDS),
        ("tomato", (255, 99, 71), FIELDS),
        ("RebeccaPurple", (102, 51, 153), FIELDS),
    )
] + [
    removed("bg_color", "red, jpg", {"bg_color": "red", "format": "jpg"}, on_colour(255, 0, 0, "JPEG"), FIELDS),
    removed(
        "bg_color",
        "red, webp, channels=rgb",
        {"bg_color": "red", "format": "webp", **RGB},
        on_colour(255, 0, 0, "WEBP"),
        FIELDS,
    ),
    removed("bg_color", "red, transparent: ignored", {"bg_color": "red"}, CUTOUT, "api_reference 1.3 (poofbg)"),
    removed(
        "bg_color",
        "red, channels=alpha: ignored",
        {"bg_color": "red", "channels": "alpha"},
        MATTE,
        "api_reference 1.3 (poofbg)",
    ),
    *malformed("bg_color", ("nocolour", "#12345", "#", "rgb(1,2)", "a" * 5000), FIELDS, channels="rgb"),
    refused(
        "bg_color",
        "no colour, transparent: still refused",
        {"bg_color": "nocolour"},
        "validation_error",
        "decisions 7",
        names="bg_color",
    ),
]

HEADERS = [
    Row(row.endpoint, "headers", words, replace(row.expected, headers=headers), source, row.fields, headers=sent)
    for row, words, headers, source, sent in (
        (
            removed("", "", {}, CUTOUT, ""),
            "size of the picture",
            {"X-Image-Width": "300", "X-Image-Height": "200", "X-Credits-Charged": "1"},
            "api_reference 1.4",
            {},
        ),
        (
            removed("", "", {"width": "150"}, sized((150, 100)), ""),
            "size of a resized picture",
            {"X-Image-Width": "150", "X-Image-Height": "100"},
            "decisions 7",
            {},
        ),
        (
            removed("", "", {}, CUTOUT, ""),
            "no gzip though it is offered",
            {"Content-Encoding": Kind("absent")},
            "issue 4.1",
            {"accept-encoding": "gzip, deflate, br"},
        ),
        (
            removed("", "", {}, CUTOUT, ""),
            "Accept: application/json gives bytes too",
            {"Content-Type": "image/png"},
            "api_reference 1.4",
            {"accept": "application/json"},
        ),
    )
]

OURS = "docs/api.md (a field of ours)"
OWN = [
    *(
        removed("quality", text or "empty", {"quality": text}, CUTOUT, source)
        for text, source in (("fast", OURS), ("standard", OURS), ("best", OURS), ("", EMPTY))
    ),
    removed("model", "empty", {"model": ""}, CUTOUT, EMPTY),
    *malformed("quality", ("great",), OURS),
    *malformed("model", ("no-such-model",), OURS),
]

RATE = [
    removed(
        "rate",
        "costs one request, whatever its size",
        {"image_file": File(picture)},
        Facts("PNG"),
        "decisions 6",
        rate_cost=1,
    )
    for picture in ("1600x1200.png",)
]

ROWS = [*PIXELS, *BY_MEGAPIXELS, *FORMAT, *CHANNELS, *COLOUR, *HEADERS, *OWN, *RATE]
