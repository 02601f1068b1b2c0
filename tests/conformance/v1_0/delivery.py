"""Rows of what is delivered and how: size, type, format, channels, the JSON envelope and the headers."""

from dataclasses import replace

from tests.conformance.rows import ABSENT, B64, BLUE, CLEAR, RED, WHITE, Box, Facts, File, short
from tests.conformance.standard import CUTOUT, MATTE, ON_WHITE
from tests.conformance.v1_0.making import foreground, refused, removed

SIZES, FORMATS = "api_reference 2.3", "api_reference 2.3, 2.4"
EMPTY = "api_reference 4.1(1)"
MEGAPIXEL = 1_000_000


def _shrunk(width: int, height: int, megapixels: float, image_format: str = "PNG") -> Facts:
    """Return the facts of a picture of this size, or a pixel off, that keeps to a cap."""
    return Facts(
        image_format,  # type: ignore[arg-type]
        "RGB" if image_format == "JPEG" else None,
        (width, height),
        size_within=1,
        at_most_pixels=round(megapixels * MEGAPIXEL),
        subject=None if image_format == "JPEG" else (width // 4, height // 4, width // 2, height // 2),
        within=6,
    )


def _whole(width: int, height: int) -> Facts:
    return replace(_shrunk(width, height, 50), size_within=0)


def _sized(name: str, value: str, picture: str, facts: Facts, source: str = SIZES, **fields: str):
    words = f"{value}, of {picture.replace('x', ' x ').rpartition('.')[0]}"
    size = {} if name == "absent" else {"size": name}
    return removed("size", words, {"image_file": File(picture), **size, **fields}, facts, source)


PREVIEW = _shrunk(707, 353, 0.25)  # 1000 x 500, halved in area
SIZE = [
    _sized("absent", "absent: preview", "1000x500.png", PREVIEW),
    _sized("", "empty: preview", "1000x500.png", PREVIEW, EMPTY),
    _sized("preview", "preview", "1000x500.png", PREVIEW),
    _sized("small", "small = preview", "1000x500.png", PREVIEW),
    _sized("regular", "regular = preview", "1000x500.png", PREVIEW),
    _sized("PREVIEW", "PREVIEW, in capitals", "1000x500.png", PREVIEW, "issue 4.1"),
    _sized("preview", "preview, exactly 0.25 MP", "625x400.png", _whole(625, 400)),
    _sized("preview", "preview, never enlarged", "300x200.png", _whole(300, 200)),
    _sized("preview", "preview, upright", "500x1000.png", _shrunk(353, 707, 0.25)),
    _sized("medium", "medium: 1.5 MP", "2000x1500.png", _shrunk(1414, 1060, 1.5)),
    _sized("Medium", "medium, never enlarged", "1000x500.png", _whole(1000, 500)),
    _sized("hd", "hd: 4 MP", "2500x1700.png", _shrunk(2425, 1649, 4)),
    _sized("hd", "hd, never enlarged", "1000x500.png", _whole(1000, 500)),
    *(
        _sized(name, f"{name}: a PNG up to 10 MP", "3400x3000.png", _shrunk(3366, 2970, 10))
        for name in ("full", "4k", "auto", "50MP")
    ),
    _sized("full", "full: 25 MP as jpg", "5200x5000.png", _shrunk(5099, 4902, 25, "JPEG"), format="jpg"),
    _sized("50mp", "50MP: over 25 MP as jpg", "5200x5000.png", _shrunk(5200, 5000, 50, "JPEG"), format="jpg"),
    _sized("4K", "4k: never enlarged", "1000x500.png", _whole(1000, 500)),
    *(
        refused("size", f"unknown: {short(text)}", {"size": text}, "invalid_size", "api_reference 2.5")
        for text in ("tiny", "large", "-1", "500", "preview,full", "pre\0view", "ful l")
    ),
    refused(
        "size",
        "a number, JSON",
        {"size": 5, "image_file_b64": B64("subject.png")},
        "invalid_size",
        "api_reference 2.5",
        body="json",
    ),
]

TYPE = [
    *(
        removed("type", value or "empty", {"type": value}, CUTOUT, source, gives={"X-Type": "other"})
        for value, source in (
            *((name, "api_reference 2.3, issue 4.1") for name in ("auto", "car", "product", "person", "animal")),
            ("graphic", "api_reference 2.3, issue 4.1"),
            ("transportation", "api_reference 2.3, issue 4.1"),
            ("", EMPTY),
            ("spaceship", "api_reference 2.5 (no invalid_type)"),
        )
    ),
    *(
        removed("type_level", value or "empty", {"type_level": value}, CUTOUT, source, gives={"X-Type": "other"})
        for value, source in (
            *((name, "api_reference 2.3, issue 4.1") for name in ("1", "2", "latest")),
            ("", EMPTY),
            ("9", "api_reference 2.5 (no invalid_type_level)"),
        )
    ),
    removed(
        "type_level", "none: no X-Type", {"type_level": "none"}, CUTOUT, "api_reference 2.3", gives={"X-Type": ABSENT}
    ),
]

MEMBERS = frozenset({"color.jpg", "alpha.png"})
ZIP = Facts(
    "ZIP", None, (300, 200), subject=CUTOUT.subject, colours={(100, 100): RED, (200, 100): BLUE}, members=MEMBERS
)
WEBP = replace(CUTOUT, format="WEBP")
FORMAT = [
    removed("format", "absent: auto", {}, replace(CUTOUT, colours=dict(CUTOUT.colours) | {(2, 2): CLEAR}), FORMATS),
    removed("format", "empty: auto", {"format": ""}, CUTOUT, EMPTY),
    removed("format", "auto, transparent regions: PNG", {"format": "auto"}, CUTOUT, FORMATS),
    removed("format", "auto, opaque background: JPEG", {"format": "auto", "bg_color": "ffffff"}, ON_WHITE, FORMATS),
    removed(
        "format",
        "auto, nothing transparent: JPEG",
        {"format": "auto"},
        Facts("JPEG", "RGB", (300, 200), colours={(100, 100): RED, (2, 2): (0, 150, 60)}),
        FORMATS,
        world="all is subject",
    ),
    removed("format", "auto with channels=alpha: PNG", {"format": "auto", "channels": "alpha"}, MATTE, FORMATS),
    removed("format", "png", {"format": "png"}, CUTOUT, FORMATS),
    removed(
        "format",
        "png on an opaque background",
        {"format": "png", "bg_color": "fff"},
        Facts("PNG", size=(300, 200), opaque=True, colours={(100, 100): RED, (2, 2): WHITE}),
        FORMATS,
    ),
    removed("format", "jpg: on white", {"format": "jpg"}, ON_WHITE, FORMATS),
    removed("format", "webp", {"format": "webp"}, WEBP, FORMATS),
    removed("format", "zip", {"format": "zip"}, ZIP, FORMATS),
    removed(
        "format",
        "zip of a cropped picture",
        {"format": "zip", "crop": "true"},
        replace(
            ZIP, size=(150, 100), size_within=4, subject=(0, 0, 150, 100), colours={(30, 50): RED, (120, 50): BLUE}
        ),
        FORMATS,
    ),
    removed(
        "format",
        "zip of a shrunk picture",
        {"format": "zip", "image_file": File("1000x500.png")},
        replace(ZIP, size=(707, 353), size_within=1, subject=(177, 88, 353, 177), colours={(250, 176): RED}),
        FORMATS,
    ),
    *(
        refused("format", f"unknown: {short(text)}", {"format": text}, "invalid_format", "api_reference 2.5")
        for text in ("gif", "bmp", "tiff", "json", "png;jpg")
    ),
]

CHANNELS = [
    removed("channels", "rgba", {"channels": "rgba"}, CUTOUT, SIZES),
    removed("channels", "empty: rgba", {"channels": ""}, CUTOUT, EMPTY),
    removed("channels", "alpha: a grey matte", {"channels": "alpha"}, MATTE, SIZES),
    removed("channels", "alpha, png", {"channels": "alpha", "format": "png"}, MATTE, SIZES),
    removed("channels", "alpha, jpg", {"channels": "alpha", "format": "jpg"}, replace(MATTE, format="JPEG"), SIZES),
    removed(
        "channels",
        "alpha, webp",
        {"channels": "alpha", "format": "webp"},
        Facts("WEBP", None, (300, 200), opaque=True, colours={(150, 100): 255, (2, 2): 0}),
        SIZES,
    ),
    removed(
        "channels",
        "alpha, cropped",
        {"channels": "alpha", "crop": "true"},
        replace(MATTE, size=(150, 100), size_within=4, subject=(0, 0, 150, 100), colours={(75, 50): 255}),
        SIZES,
    ),
    *(
        refused("channels", f"unknown: {short(text)}", {"channels": text}, "invalid_channels", "api_reference 2.5")
        for text in ("rgb", "cmyk", "rgba,alpha")
    ),
]

WHERE: Box = (75, 50, 150, 100)
JSON_ONLY = {"accept": "application/json"}
ACCEPT = [
    removed("Accept", "absent: bytes", {}, CUTOUT, "api_reference 2.4"),
    *(
        removed("Accept", f"{value}: bytes", {}, CUTOUT, source, headers={"accept": value})
        for value, source in (
            ("*/*", "api_reference 2.4"),
            ("image/*", "api_reference 4.2 (9)"),
            ("application/json, text/plain, */*", "issue 4.1"),
            ("image/png, application/json;q=0.5", "RFC 9110 12.5.1"),
            ("application/json;q=0", "RFC 9110 12.5.1"),
        )
    ),
    removed(
        "Accept",
        "application/json",
        {},
        CUTOUT,
        "api_reference 2.4",
        headers=JSON_ONLY,
        envelope=WHERE,
        gives=foreground(*WHERE),
    ),
    removed(
        "Accept",
        "application/json, cropped",
        {"crop": "true"},
        replace(CUTOUT, size=(150, 100), size_within=4, subject=(0, 0, 150, 100), colours={}),
        "api_reference 2.4",
        headers=JSON_ONLY,
        envelope=(0, 0, 150, 100),
    ),
    removed(
        "Accept",
        "application/json, jpg",
        {"format": "jpg"},
        ON_WHITE,
        "api_reference 2.4",
        headers=JSON_ONLY,
        envelope=WHERE,
    ),
    removed(
        "Accept",
        "application/json, zip",
        {"format": "zip"},
        ZIP,
        "api_reference 2.4",
        headers=JSON_ONLY,
        envelope=WHERE,
    ),
    refused(
        "Accept", "application/json, refused", {"size": "tiny"}, "invalid_size", "api_reference 2.5", headers=JSON_ONLY
    ),
    refused(
        "Accept",
        "image/png, refused",
        {"size": "tiny"},
        "invalid_size",
        "api_reference 4.1(9)",
        headers={"accept": "image/png"},
    ),
]

HEADERS = [
    removed(
        "headers", "X-Foreground-* of the whole", {}, CUTOUT, "api_reference 2.4", gives=foreground(75, 50, 150, 100)
    ),
    removed(
        "headers",
        "X-Foreground-* of a cropped picture",
        {"crop": "true", "crop_margin": "20px"},
        replace(CUTOUT, size=(190, 140), size_within=4, subject=(20, 20, 150, 100), colours={}),
        "api_reference 2.4",
        gives=foreground(20, 20, 150, 100),
    ),
    removed(
        "headers",
        "X-Foreground-* of a shrunk picture",
        {"image_file": File("1000x500.png")},
        PREVIEW,
        "api_reference 2.4",
        gives=foreground(177, 88, 353, 177),
    ),
    removed(
        "headers",
        "no gzip though it is offered",
        {},
        CUTOUT,
        "api_reference 4.3(3)",
        headers={"accept-encoding": "gzip, deflate, br"},
        gives={"Content-Encoding": ABSENT},
    ),
]

RATE = [
    removed(
        "rate",
        f"costs the input's megapixels: {picture.replace('x', ' x ').rpartition('.')[0]}",
        {"image_file": File(picture)},
        Facts("PNG"),
        "api_reference 2.8, decisions 6",
        rate_cost=cost,
    )
    for picture, cost in (
        ("625x400.png", 1),
        ("1200x800.png", 1),
        ("1600x1200.png", 2),
        ("2500x1600.png", 4),
        ("4000x2500.png", 10),
    )
]

ROWS = [*SIZE, *TYPE, *FORMAT, *CHANNELS, *ACCEPT, *HEADERS, *RATE]
