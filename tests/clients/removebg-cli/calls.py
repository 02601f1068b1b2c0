"""Run by the test in removebg-cli's own environment: run the published command and print what came of each.

Argument: the facts of the test as JSON. One JSON object a line: what the command printed and how it ended.
"""

import contextlib
import io
import json
import os
import sys
import time

import removebg_cli
import requests.adapters

FACTS = json.loads(sys.argv[1])
KEYS = FACTS["keys"]
os.environ["COLUMNS"] = "200"

# Its addresses are written into the code, so what it sends to remove.bg goes to the server here instead.
send = requests.adapters.HTTPAdapter.send


def send_to_server(self, request, **options):
    request.url = request.url.replace("https://api.remove.bg", FACTS["server"])
    return send(self, request, **options)


requests.adapters.HTTPAdapter.send = send_to_server

# After a 429 it sleeps as long as it is told; here it only writes down how long.
slept = []
time.sleep = slept.append


def tell(situation, key, *arguments):
    os.environ["REMOVE_BG_API_KEY"] = KEYS[key]
    sys.argv = ["removebg", *arguments]
    slept.clear()
    said = io.StringIO()
    ended = 0
    with contextlib.redirect_stdout(said):
        try:
            removebg_cli.main()
        except SystemExit as error:
            ended = error.code
    line = {"situation": situation, "ended": ended, "said": said.getvalue(), "slept": list(slept)}
    print(json.dumps(line), flush=True)


tell("file", "rich", "photo.jpg", "-o", "from_file.png")
tell("url", "rich", FACTS["photo_url"], "-o", "from_url.jpg", "-f", "jpg", "-b", "ff0000", "-s", "50MP", "--shadow")
tell("account", "rich", "--account")
tell("account with a wrong key", "wrong", "--account")
tell("missing url", "rich", FACTS["missing_url"])
tell("wrong key", "wrong", "photo.jpg")
tell("no credits", "poor", "photo.jpg")
tell("no subject", "narrow", "blank.png")
for _ in range(2):
    tell("too many", "narrow", "photo.jpg")
