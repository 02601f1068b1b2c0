"""The real curl with remove.bg's official samples, against a live server.

The samples in nine languages boil down to the shapes below (api_reference.md, sections 2.2, 2.4 and 4.2 row 15): three
kinds of body, three ways to name the picture, and three kinds of answer.
"""

import base64
import io
import json
import subprocess
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from PIL import Image

from tests.live.callers import open_callers
from tests.live.foreign_clients import PHOTO_SIZE, is_cutout
from tests.photos import photo_bytes

JSON = ["-H", "Content-Type: application/json"]
# By the sample that each stands for. Words in braces are filled in.
SAMPLES = {
    # Section 4.2, row 15: curl's own, which those of the other languages say in their words.
    "file in a multipart form": ["-F", "image_file=@photo.jpg", "-F", "size=auto"],
    # Row 14: what the generic HTTP steps of n8n, Make and Zapier are told to send.
    "address in a multipart form": ["-F", "image_url={photo_url}", "-F", "size=auto"],
    # Section 4.3 (1): Ruby's, as it was recorded.
    "address in an urlencoded form": ["--data-urlencode", "image_url={photo_url}", "-d", "size=auto"],
    # Section 4.3 (4): Node's.
    "address in JSON": [*JSON, "-d", '{{"image_url": "{photo_url}", "size": "auto"}}'],
    # Section 2.3: the third source, in the three kinds of body that section 2.2 names.
    "base64 in a multipart form": ["-F", "image_file_b64=<photo.b64", "-F", "size=auto"],
    # Section 4.3 (3): PHP's.
    "base64 in an urlencoded form": ["--data-urlencode", "image_file_b64@photo.b64", "-d", "size=auto"],
    # Section 4.1 (4): Figma's older one; here with the prefix that clients leave before the base64.
    "base64 with a data address in JSON": [*JSON, "-d", "@photo.json"],
    # Section 2.4: the two other kinds of answer.
    "answer in JSON": ["-H", "Accept: application/json", "-F", "image_file=@photo.jpg", "-F", "size=auto"],
    "answer as zip": ["-F", "image_file=@photo.jpg", "-F", "size=auto", "-F", "format=zip"],
}


@pytest.fixture(scope="module")
def keys(live):
    return open_callers(live, credits=20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty directory with the photo in it, and its base64."""
    photo = photo_bytes("grace_hopper")
    encoded = base64.b64encode(photo).decode()
    (tmp_path / "photo.jpg").write_bytes(photo)
    (tmp_path / "photo.b64").write_text(encoded)
    prefixed = {"image_file_b64": f"data:image/jpeg;base64,{encoded}", "size": "auto", "crop": None, "type": "auto"}
    (tmp_path / "photo.json").write_text(json.dumps(prefixed))
    return tmp_path


def curl(live, key, folder, *arguments):
    """Run curl as the samples do: `-f` makes a refusal its exit status, `-o` names the result."""
    command = ["curl", "-sS", "-f", "-H", f"X-API-Key: {key}", "-o", "no-bg.png", "-D", "headers.txt"]
    return subprocess.run(
        [*command, *arguments, f"{live.url}/v1.0/removebg"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def headers_in(folder):
    """Return the last answer's headers; before it there may be a `100 Continue`."""
    last = (folder / "headers.txt").read_text().replace("\r", "").strip().split("\n\n")[-1]
    return Parser().parsestr(last.partition("\n")[2])


def picture_in(folder, name):
    data = (folder / "no-bg.png").read_bytes()
    if name == "answer in JSON":
        answer = json.loads(data)["data"]
        assert 0 < answer["foreground_width"] <= PHOTO_SIZE[0] - answer["foreground_left"]
        assert 0 < answer["foreground_height"] <= PHOTO_SIZE[1] - answer["foreground_top"]
        data = base64.b64decode(answer["result_b64"], validate=True)
    if name == "answer as zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert sorted(archive.namelist()) == ["alpha.png", "color.jpg"]
            picture = Image.open(io.BytesIO(archive.read("color.jpg")))
            picture.putalpha(Image.open(io.BytesIO(archive.read("alpha.png"))))
            return picture
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_official_sample_gives_the_cutout(live, keys, folder, pictures, name):
    arguments = [
        word.format(photo_url=pictures.url("photo.jpg")) if "{photo_url}" in word else word for word in SAMPLES[name]
    ]

    done = curl(live, keys["rich"], folder, *arguments)

    assert done.returncode == 0, done.stderr
    picture, headers = picture_in(folder, name), headers_in(folder)
    assert is_cutout(picture)
    assert picture.size == (int(headers["X-Width"]), int(headers["X-Height"])) == PHOTO_SIZE
    assert headers["X-Credits-Charged"] == "1"
    assert headers["X-Type"] == "other"
    assert headers["Content-Encoding"] is None


@pytest.mark.parametrize(("key", "status"), [("wrong", 403), ("poor", 402)])
def test_a_refusal_ends_the_sample_with_22_and_writes_nothing(live, keys, folder, key, status):
    done = curl(live, keys[key], folder, *SAMPLES["file in a multipart form"])

    assert done.returncode == 22
    assert f"error: {status}" in done.stderr
    assert not (folder / "no-bg.png").exists()


def test_a_large_body_waits_for_100_continue_and_is_read_whole(live, keys, folder):
    # curl asks before it sends more than a megabyte; without the option it would send after a second all the same.
    photo = photo_bytes("grace_hopper")
    comment = b"\xff\xfe" + (60_002).to_bytes(2, "big") + bytes(60_000)
    encoded = base64.b64encode(photo[:2] + comment * 60 + photo[2:])
    (folder / "photo.b64").write_bytes(encoded)

    done = curl(live, keys["rich"], folder, "-v", "--expect100-timeout", "30", *SAMPLES["base64 in an urlencoded form"])

    assert done.returncode == 0, done.stderr
    assert len(encoded) > 4_000_000
    assert "> Expect: 100-continue" in done.stderr
    assert "< HTTP/1.1 100 Continue" in done.stderr
    assert is_cutout(picture_in(folder, "file in a multipart form"))
