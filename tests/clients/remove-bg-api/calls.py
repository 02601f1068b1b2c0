"""Run by the test in remove-bg-api's own environment: make calls with the published client, print what came of each.

Argument: the facts of the test as JSON. One JSON object a line: what the client returned or raised.
"""

import base64
import json
import sys
from pathlib import Path

import remove_bg_api

FACTS = json.loads(sys.argv[1])
KEYS = FACTS["keys"]
remove_bg_api.API_URL = f"{FACTS['server']}/v1.0"


def tell(situation, call):
    try:
        told = {"returned": call()}
    except Exception as error:
        told = {"raised": type(error).__name__}
    print(json.dumps({"situation": situation, **told}), flush=True)


def with_key(name):
    """Return the client with a key that it did not ask about in its constructor."""
    client = remove_bg_api.RemoveBg(KEYS["rich"])
    client.change_api_key(KEYS[name])
    return client


photo = Path("photo.jpg").read_bytes()
rich = remove_bg_api.RemoveBg(KEYS["rich"])

tell("balance before", rich.account.balance)
tell("bytes", lambda: Path("from_bytes.png").write_bytes(rich.remove_bg_bytes(photo)))
tell("url", lambda: rich.remove_bg_url(FACTS["photo_url"], "from_url.png", raw=False))
tell("base64", lambda: rich.remove_bg_base64(base64.b64encode(photo), "from_base64.png", size="full", raw=False))
tell(
    "options",
    lambda: rich.remove_bg_file(
        "photo.jpg",
        "options.webp",
        raw=False,
        data={"size": "auto", "format": "webp", "crop": "true", "crop_margin": "10px", "type_level": "none"},
    ),
)
tell("balance kept by the client", rich.account.balance)
tell("balance asked for", rich.account.get_balance_dict)
tell("free calls", rich.account.free_api_calls)
tell("bad option", lambda: len(rich.remove_bg_bytes(photo, size="huge")))
tell("no image", lambda: len(rich.remove_bg_bytes(b"this is no image")))
tell("missing url", lambda: rich.remove_bg_url(FACTS["missing_url"]))
tell("wrong key in the constructor", lambda: remove_bg_api.RemoveBg(KEYS["wrong"]))
tell("wrong key", lambda: len(with_key("wrong").remove_bg_bytes(photo)))
tell("no credits", lambda: len(with_key("poor").remove_bg_bytes(photo)))
tell("no subject", lambda: with_key("narrow").remove_bg_file("blank.png"))
for _ in range(2):
    tell("too many", lambda: len(with_key("narrow").remove_bg_bytes(photo)))
