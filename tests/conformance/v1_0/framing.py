"""Rows of where the subject stands and what is cut away: roi, crop, crop_margin, scale, position."""

from dataclasses import replace

from tests.conformance.rows import B64, CLEAR, RED, Facts, File, short
from tests.conformance.standard import CUTOUT
from tests.conformance.v1_0.making import foreground, framed, on_colour, placed, refused, removed

REFERENCE, ERRORS, EMPTY = "api_reference 2.3", "api_reference 2.5", "api_reference 4.1(1)"

# The model may be shown the whole picture or the region alone: either way nothing is left outside, and these points are
# in the subject.
LEFT_HALF = Facts(
    "PNG", "RGBA", (300, 200), inside=(0, 0, 150, 200), colours={(100, 100): (*RED, 255), (200, 100): CLEAR}
)
MIDDLE = Facts("PNG", "RGBA", (300, 200), inside=(90, 60, 120, 80), colours={(140, 100): (*RED, 255), (80, 100): CLEAR})

ROI = [
    removed("roi", "empty: everything", {"roi": ""}, CUTOUT, EMPTY),
    removed("roi", "0% 0% 100% 100%: everything", {"roi": "0% 0% 100% 100%"}, CUTOUT, REFERENCE),
    removed("roi", "0 0 100% 100%: zero without a unit", {"roi": "0 0 100% 100%"}, CUTOUT, "api_reference 4.1(2)"),
    removed("roi", "px", {"roi": "0px 0px 150px 200px"}, LEFT_HALF, REFERENCE),
    removed("roi", "%", {"roi": "0% 0% 50% 100%"}, LEFT_HALF, REFERENCE),
    removed("roi", "px and % mixed", {"roi": "0 0px 150px 100%"}, LEFT_HALF, REFERENCE),
    removed("roi", "in the middle", {"roi": "90px 30% 70% 140px"}, MIDDLE, REFERENCE),
    removed("roi", "the last pixel", {"roi": "0px 0px 300px 200px"}, CUTOUT, REFERENCE),
    removed(
        "roi",
        "in pixels of the input, though the result is shrunk",
        {"image_file": File("1000x500.png"), "roi": "0px 0px 500px 500px"},
        Facts("PNG", "RGBA", (707, 353), size_within=1, inside=(0, 0, 355, 354), colours={(500, 176): CLEAR}),
        REFERENCE,
    ),
    *(
        refused("roi", f"beyond the picture: {short(text)}", {"roi": text}, "roi_exceeds_bounds", ERRORS)
        for text in ("0px 0px 301px 200px", "0 0 300px 201px", "400px 0px 500px 200px")
    ),
    *(
        refused(
            "roi", f"beyond the picture: {short(text)}", {"roi": text}, ("roi_exceeds_bounds", "invalid_roi"), ERRORS
        )
        for text in ("0% 0% 101% 100%", "-10px 0px 100px 100px", "-1% 0% 50% 50%")
    ),
    *(
        refused("roi", f"empty region: {short(text)}", {"roi": text}, "roi_region_empty", ERRORS)
        for text in ("150px 0px 150px 200px", "0% 40% 100% 40%", "200px 0px 100px 200px")
    ),
    *(
        refused("roi", f"malformed: {short(text)}", {"roi": text}, "invalid_roi", ERRORS)
        for text in ("10 10 20 20", "0 0 100%", "0 0 100% 100% 0", "a b c d", "1em 0 5em 5em", "0,0,100%,100%", "all")
    ),
]

CROPPED = framed((150, 100), (0, 0, 150, 100), colours={(30, 50): (*RED, 255)})
CROP = [
    removed("crop", "true", {"crop": "true"}, CROPPED, REFERENCE, gives=foreground(0, 0, 150, 100)),
    *(
        removed("crop", f"{text}: on", {"crop": text}, CROPPED, "api_reference 4.2, issue 4.1")
        for text in ("1", "True", "TRUE")
    ),
    *(
        removed("crop", f"{text or 'empty'}: off", {"crop": text}, CUTOUT, source)
        for text, source in (("false", REFERENCE), ("0", REFERENCE), ("False", REFERENCE), ("", EMPTY))
    ),
    removed(
        "crop",
        "true, JSON",
        {"crop": True, "image_file_b64": B64("subject.png")},
        CROPPED,
        "api_reference 4.1(4)",
        body="json",
    ),
    removed(
        "crop",
        "false, JSON",
        {"crop": False, "image_file_b64": B64("subject.png")},
        CUTOUT,
        "api_reference 4.1(4)",
        body="json",
    ),
    removed(
        "crop",
        "null, JSON",
        {"crop": None, "image_file_b64": B64("subject.png")},
        CUTOUT,
        "api_reference 4.1(4)",
        body="json",
    ),
    removed(
        "crop",
        "true, then size",
        {"crop": "true", "image_file": File("2000x1000.png")},
        Facts("PNG", "RGBA", (707, 353), size_within=3, at_most_pixels=250_000, subject=(0, 0, 707, 353)),
        "api_reference 2.3",
    ),
    removed(
        "crop",
        "true, subject off centre",
        {"crop": "true", "image_file": File("off_centre.png")},
        CROPPED,
        REFERENCE,
        world="the subject is off centre",
    ),
    *(
        refused("crop", f"neither: {short(text)}", {"crop": text}, "invalid_crop", "issue 4.1 (a code of ours)")
        for text in ("yes", "2", "perhaps", "1:1", "tru")
    ),
    refused(
        "crop",
        "an object, JSON",
        {"crop": {}, "image_file_b64": B64("subject.png")},
        "invalid_crop",
        "issue 4.1 (a code of ours)",
        body="json",
    ),
]


def _margin(value: str, size: tuple[int, int], left: int, top: int, words: str = "", **more):
    fields = {"crop": "true", "crop_margin": value, **more.pop("fields", {})}
    facts = framed(size, (left, top, 150, 100), **more)
    return removed("crop_margin", words or value, fields, facts, REFERENCE, gives=foreground(left, top, 150, 100))


MARGIN = [
    removed("crop_margin", "empty: 0", {"crop": "true", "crop_margin": ""}, CROPPED, EMPTY),
    *(_margin(text, (150, 100), 0, 0) for text in ("0", "0px", "0%", "0 0", "0 0px 0% 0")),
    _margin("10px", (170, 120), 10, 10),
    _margin("10%", (180, 120), 15, 10, "10%: of the subject's width and height"),
    _margin("10px 20px", (190, 120), 20, 10, "10px 20px: top and bottom, left and right"),
    _margin("10px 20px 30px 40px", (210, 140), 40, 10, "10px 20px 30px 40px: top, right, bottom, left"),
    _margin("10% 20%", (210, 120), 30, 10),
    _margin("10% 20% 30% 40%", (240, 140), 60, 10),
    _margin("10% 0", (150, 120), 0, 10),
    _margin("0 10%", (180, 100), 15, 0),
    _margin("10px 10%", (180, 120), 15, 10),
    _margin("50%", (300, 200), 75, 50),
    _margin("60%", (300, 200), 75, 50, "60%: capped at 50%"),
    _margin("100% 0", (150, 200), 0, 50, "100% 0: capped at 50%"),
    _margin(
        "60px 0",
        (150, 220),
        0,
        60,
        "60px 0: beyond the picture is transparent",
        colours={(75, 3): CLEAR, (75, 216): CLEAR},
    ),
    _margin("500px", (1150, 1100), 500, 500, fields={"size": "full"}, colours={(3, 3): CLEAR}),
    _margin("600px", (1150, 1100), 500, 500, "600px: capped at 500px", fields={"size": "full"}),
    removed(
        "crop_margin",
        "60px on a colour: beyond the picture is the colour",
        {"crop": "true", "crop_margin": "60px", "bg_color": "0000ff"},
        replace(
            on_colour(0, 0, 255),
            size=(270, 220),
            size_within=4,
            colours={(3, 3): (0, 0, 255), (265, 215): (0, 0, 255), (100, 110): RED},
        ),
        "api_reference 2.3",
    ),
    removed("crop_margin", "10px without crop: no effect", {"crop_margin": "10px"}, CUTOUT, REFERENCE),
    *(
        refused(
            "crop_margin",
            f"malformed: {short(text)}",
            {"crop": "true", "crop_margin": text},
            "invalid_crop_margin",
            ERRORS,
        )
        for text in ("10px 20px 30px", "10px 1px 1px 1px 1px", "-10px", "-10%", "10em", "10", "wide", "10px,10px")
    ),
]

SCALE = [
    removed("scale", f"{text or 'empty'}: as it is", {"scale": text}, CUTOUT, source)
    for text, source in (("original", REFERENCE), ("", EMPTY))
] + [
    removed("scale", "100%", {"scale": "100%"}, placed(0, 0, 300, 200), REFERENCE, gives=foreground(0, 0, 300, 200)),
    removed("scale", "80%", {"scale": "80%"}, placed(30, 20, 240, 160), REFERENCE, gives=foreground(30, 20, 240, 160)),
    removed("scale", "50%", {"scale": "50%"}, placed(75, 50, 150, 100), REFERENCE),
    removed("scale", "10%", {"scale": "10%"}, placed(135, 90, 30, 20), REFERENCE, gives=foreground(135, 90, 30, 20)),
    removed(
        "scale",
        "50% of a tall subject: the height decides",
        {"scale": "50%", "image_file": File("tall.png")},
        placed(126, 50, 47, 100),
        REFERENCE,
        world="the subject is tall",
    ),
    removed(
        "scale",
        "50% of a subject off centre: centred",
        {"scale": "50%", "image_file": File("off_centre.png")},
        placed(75, 50, 150, 100),
        REFERENCE,
        world="the subject is off centre",
    ),
    *(
        refused("scale", f"malformed: {short(text)}", {"scale": text}, "invalid_scale", ERRORS)
        for text in ("9%", "101%", "0%", "-50%", "50", "50px", "0.5", "big")
    ),
]

OFF = {"image_file": File("off_centre.png")}
POSITION = (
    [
        removed(
            "position",
            f"{text or 'empty'}: where it was",
            {"position": text, **OFF},
            placed(15, 10, 150, 100),
            source,
            world="the subject is off centre",
        )
        for text, source in (("original", REFERENCE), ("", EMPTY))
    ]
    + [
        removed(
            "position",
            f"{text}, scale {scale}",
            {"position": text, "scale": scale, **OFF},
            placed(*place),
            REFERENCE,
            world="the subject is off centre",
            gives=foreground(*place),
        )
        for text, scale, place in (
            ("center", "original", (75, 50, 150, 100)),
            ("center", "50%", (75, 50, 150, 100)),
            ("0%", "original", (0, 0, 150, 100)),
            ("50%", "original", (75, 50, 150, 100)),
            ("100%", "original", (150, 100, 150, 100)),
            ("0% 100%", "original", (0, 100, 150, 100)),
            ("100% 0%", "original", (150, 0, 150, 100)),
            ("20% 80%", "original", (30, 80, 150, 100)),
            ("0% 100%", "20%", (0, 160, 60, 40)),
            ("100%", "20%", (240, 160, 60, 40)),
            ("25% 75%", "50%", (38, 75, 150, 100)),
            ("center", "80%", (30, 20, 240, 160)),
        )
    ]
    + [
        refused("position", f"malformed: {short(text)}", {"position": text}, "invalid_position", ERRORS)
        for text in ("101%", "-1%", "10px", "left", "top left", "50% 50% 50%", "50", "center center center")
    ]
)

ROWS = [*ROI, *CROP, *MARGIN, *SCALE, *POSITION]
