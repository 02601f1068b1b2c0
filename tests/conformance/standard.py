"""What comes of the picture that most rows send, in the three forms that most rows expect."""

from tests.conformance.rows import BLUE, CLEAR, PLACE, RED, WHITE, Facts, File

SUBJECT = File("subject.png")
CUTOUT = Facts(
    "PNG",
    "RGBA",
    (300, 200),
    subject=PLACE,
    colours={(100, 100): (*RED, 255), (200, 100): (*BLUE, 255), (2, 2): CLEAR, (297, 197): CLEAR},
)
ON_WHITE = Facts("JPEG", "RGB", (300, 200), colours={(100, 100): RED, (200, 100): BLUE, (2, 2): WHITE})
MATTE = Facts("PNG", "L", (300, 200), subject=PLACE, colours={(150, 100): 255, (2, 2): 0})
NAMES = ((CUTOUT, "the cutout"), (ON_WHITE, "the subject on white, JPEG"), (MATTE, "the grey matte, PNG"))
