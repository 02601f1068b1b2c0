"""Run by the test in poofbg's own environment: make calls with the published client and print what came of each.

Argument: the facts of the test as JSON. One JSON object a line: what the client returned or raised.
"""

import json
import sys
from pathlib import Path

from poof import Poof, PoofError

FACTS = json.loads(sys.argv[1])
KEYS = FACTS["keys"]


def tell(situation, call):
    try:
        result = call()
    except PoofError as error:
        told = {
            "raised": type(error).__name__,
            "code": getattr(error, "code", None),
            "message": str(error),
            "request_id": getattr(error, "request_id", None),
        }
    else:
        told = {"returned": result}
    print(json.dumps({"situation": situation, **told}), flush=True)


def saved(result, name):
    result.save(name)
    facts = {name: getattr(result, name) for name in dir(result) if not name.startswith("_")}
    return {name: value for name, value in facts.items() if isinstance(value, int | float | str)}


def client(key):
    return Poof(KEYS[key], base_url=f"{FACTS['server']}/v1")


photo = Path("photo.jpg").read_bytes()
rich = client("rich")

tell("success", lambda: saved(rich.remove_background("photo.jpg"), "success.png"))
tell(
    "options",
    lambda: saved(
        rich.remove_background(photo, format="jpg", channels="rgb", bg_color="#ff0000", size="preview", crop=True),
        "options.jpg",
    ),
)
tell("url", lambda: saved(rich.remove_background(url=FACTS["photo_url"], channels="alpha", size="hd"), "alpha.png"))
tell("ratio", lambda: saved(rich.remove_background(photo, crop="1:1", padding="10%", format="webp"), "ratio.webp"))
tell("exact size", lambda: saved(rich.remove_background(photo, width=300, height=200, fit="contain"), "exact.png"))
tell("me", rich.me)
tell("bad option", lambda: saved(rich.remove_background(photo, format="gif"), "gif"))
tell("bad fit", lambda: saved(rich.remove_background(photo, width=300, fit="stretch"), "stretch"))
tell("no image", lambda: saved(rich.remove_background(b"this is no image"), "no image"))
tell("missing url", lambda: saved(rich.remove_background(url=FACTS["missing_url"]), "missing"))
# An address of a private network, which no packet may reach.
tell("private url", lambda: saved(rich.remove_background(url=FACTS["private_url"]), "private"))
tell("wrong key", lambda: saved(client("wrong").remove_background("photo.jpg"), "wrong"))
tell("no credits", lambda: saved(client("poor").remove_background("photo.jpg"), "poor"))
for _ in range(3):
    tell("too many", lambda: saved(client("slow").remove_background(b"this is no image"), "slow"))
