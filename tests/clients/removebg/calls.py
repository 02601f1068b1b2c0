"""Run by the test in removebg's own environment: make calls with the published client and print what came of each.

Argument: the facts of the test as JSON. One JSON object a line: what the client wrote or raised.
"""

import base64
import json
import sys
from pathlib import Path

import removebg.removebg
import requests

FACTS = json.loads(sys.argv[1])
KEYS = FACTS["keys"]
removebg.removebg.API_ENDPOINT = f"{FACTS['server']}/v1.0/removebg"


def tell(situation, call):
    try:
        call()
    except requests.HTTPError as error:
        told = {"raised": type(error).__name__, "status": error.response.status_code}
    else:
        told = {"returned": None}
    print(json.dumps({"situation": situation, **told}), flush=True)


def client(name):
    return removebg.removebg.RemoveBg(KEYS[name], "error.log")


encoded = base64.b64encode(Path("photo.jpg").read_bytes()).decode()
Path("text.jpg").write_text("this is no image")

# It writes photo.jpg_no_bg.png.
tell("file", lambda: client("rich").remove_background_from_img_file("photo.jpg"))
tell(
    "url",
    lambda: client("rich").remove_background_from_img_url(FACTS["photo_url"], size="4k", new_file_name="from_url.png"),
)
tell(
    "base64",
    lambda: client("rich").remove_background_from_base64_img(
        encoded, size="hd", new_file_name="from_base64.jpg", bg_color="81d4fa"
    ),
)
tell("bad option", lambda: client("rich").remove_background_from_img_file("photo.jpg", bg_color="no such colour"))
tell("no image", lambda: client("rich").remove_background_from_img_file("text.jpg"))
tell("missing url", lambda: client("rich").remove_background_from_img_url(FACTS["missing_url"]))
tell("wrong key", lambda: client("wrong").remove_background_from_img_file("photo.jpg"))
tell("no credits", lambda: client("poor").remove_background_from_img_file("photo.jpg"))
tell("no subject", lambda: client("narrow").remove_background_from_img_file("blank.png"))
for _ in range(2):
    tell("too many", lambda: client("narrow").remove_background_from_img_file("photo.jpg"))
