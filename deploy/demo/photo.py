"""One real photo through the server, as a program would send it."""

import importlib.metadata
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from deploy.demo.account import DemoAccount
from deploy.demo.server import ServerFailed

# A portrait that the plotting library carries; the library itself is never imported.
PHOTO_PACKAGE, PHOTO_NAME = "matplotlib", "grace_hopper.jpg"
TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """The picture and what it took."""

    png: bytes
    took_s: float
    credits_charged: int
    width: int
    height: int


def find_photo() -> Path:
    """Return the sample photo's place; raise FileNotFoundError when the package is not installed as locked."""
    for file in importlib.metadata.files(PHOTO_PACKAGE) or ():
        if file.name == PHOTO_NAME:
            return Path(str(file.locate())).resolve(strict=True)
    raise FileNotFoundError(f"{PHOTO_NAME} is not in {PHOTO_PACKAGE}")


def send(photo: Path, base_url: str, account: DemoAccount) -> Cutout:
    """Send the photo to POST /v1/remove and return the cutout; raise ServerFailed."""
    started = time.monotonic()
    with photo.open("rb") as file:
        answer = requests.post(
            f"{base_url}/v1/remove",
            headers={"x-api-key": account.api_key},
            files={"image_file": file},
            timeout=TIMEOUT_S,
        )
    took_s = time.monotonic() - started
    if answer.status_code != requests.codes.ok:
        raise ServerFailed(f"The server answered {answer.status_code}: {answer.text.strip()[:500]}")
    return Cutout(
        png=answer.content,
        took_s=took_s,
        credits_charged=int(answer.headers["X-Credits-Charged"]),
        width=int(answer.headers["X-Image-Width"]),
        height=int(answer.headers["X-Image-Height"]),
    )


def credits_left(base_url: str, account: DemoAccount) -> int:
    """Return what GET /v1/me says is left."""
    answer = requests.get(f"{base_url}/v1/me", headers={"x-api-key": account.api_key}, timeout=TIMEOUT_S)
    answer.raise_for_status()
    me = answer.json()
    return int(me["maxCredits"]) - int(me["usedCredits"])
