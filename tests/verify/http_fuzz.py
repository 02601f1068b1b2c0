"""Mutated image files through HTTP and the real model: 200 or 400, and only a 200 costs a credit."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.live.server import LiveServer
from tests.mutated_images import MutatedImage, mutated_images
from tests.verify.check import Check, Finding, scaled
from tests.verify.decode_fuzz import DEEP_SHARE, ending_of
from tests.verify.live_server import audit_faults, live_server, used_credits

IMAGES, SENDERS, SEED = 200, 3, 2


def fuzz(scale: float) -> Finding:
    """Send the files, count the answers and compare with what was charged."""
    count = scaled(IMAGES, scale, at_least=6)
    images = list(mutated_images(count, seed=SEED))
    with live_server() as server:
        key = server.create_organization("Fuzz", credits=count, plan="verify")
        with ThreadPoolExecutor(SENDERS) as senders:
            answers = list(senders.map(lambda image: _send(server, key, image), images))
        used = used_credits(server, key)
        faults = audit_faults(server)
    statuses = Counter(answer.status_code for answer in answers)
    reached = sum(ending_of(image.data) in ("pixels", "refused by the decoder") for image in images)
    faults += [
        f"{image.story}: {answer.status_code} {answer.text[:300]}"
        for image, answer in zip(images, answers, strict=True)
        if answer.status_code not in (200, 400)
    ]
    if used != statuses[200]:
        faults.append(f"{used} credits were charged for {statuses[200]} images.")
    if reached < DEEP_SHARE * count:
        faults.append(f"Only {reached} of {count} came as far as the decoder.")
    return Finding(
        how_many=f"{count} files (seed {SEED})",
        figures=f"{statuses[200]} were answered 200, {statuses[400]} 400, {count - statuses[200] - statuses[400]} "
        f"anything else; {used} credits charged; {reached / count:.0%} came as far as the decoder; the books agree"
        if not faults
        else f"{dict(statuses)}, {used} credits charged",
        faults=faults,
    )


def _send(server: LiveServer, key: str, image: MutatedImage) -> requests.Response:
    return requests.post(
        f"{server.url}/v1/remove",
        headers={"x-api-key": key},
        files={"image_file": ("photo.jpg", image.data)},
        timeout=300,
    )


CHECK = Check("http-fuzz", "Mutated files through HTTP and the model", fuzz)
