"""Run by the test in poofbg's own environment: make calls with the published client and print what came of each.

Arguments: base URL, photo, keys by situation as JSON. One JSON object a line: what the client returned or raised.
"""

import json
import sys
from pathlib import Path

from poof import Poof, PoofError

base_url, photo, keys_json = sys.argv[1:4]
KEYS = json.loads(keys_json)


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


def described(result):
    facts = {name: getattr(result, name) for name in dir(result) if not name.startswith("_")}
    plain = {name: value for name, value in facts.items() if isinstance(value, int | float | str)}
    return {**plain, "bytes": len(bytes(result)), "starts": bytes(result)[:8].hex()}


def client(situation):
    return Poof(KEYS[situation], base_url=f"{base_url}/v1")


tell("success", lambda: described(client("rich").remove_background(photo)))
tell(
    "options",
    lambda: described(
        client("rich").remove_background(
            Path(photo).read_bytes(), format="jpg", channels="rgb", bg_color="#ff0000", size="preview", crop=True
        )
    ),
)
tell("me", lambda: client("rich").me())
tell("bad option", lambda: described(client("rich").remove_background(photo, format="gif")))
tell("no image", lambda: described(client("rich").remove_background(b"this is no image")))
tell("wrong key", lambda: described(client("wrong").remove_background(photo)))
tell("no credits", lambda: described(client("poor").remove_background(photo)))
for _ in range(3):
    tell("too many", lambda: described(client("limited").remove_background(b"this is no image")))
