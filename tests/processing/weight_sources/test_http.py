"""One file behind an address: resumed, bounded, and every trouble told in one line."""

import time
from pathlib import Path

import pytest

from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.http import MAX_TRIES, PIECE_BYTES, describe, download
from tests.processing.weight_sources.fakes import (
    WEIGHTS,
    RememberedProgress,
    artifact_of,
    redirect_to,
    serving,
    status,
    whole_file,
    with_ranges,
)

ARTIFACT = artifact_of(WEIGHTS)


def fetch(url: str, path: Path, progress: RememberedProgress | None = None, timeout_s: float = 5) -> None:
    download(url, ARTIFACT, path, timeout_s=timeout_s, progress=progress or RememberedProgress())


def test_a_whole_file_arrives_and_progress_counts_its_bytes(tmp_path):
    progress = RememberedProgress()

    with serving(with_ranges(WEIGHTS)) as server:
        fetch(f"{server.url}/tiny.onnx", tmp_path / "part", progress)

    assert (tmp_path / "part").read_bytes() == WEIGHTS
    assert progress.moved_bytes == len(WEIGHTS)
    assert not progress.is_open
    assert server.ranges == [None]


def test_a_started_file_is_gone_on_with(tmp_path):
    (tmp_path / "part").write_bytes(WEIGHTS[:70_000])
    progress = RememberedProgress()

    with serving(with_ranges(WEIGHTS)) as server:
        fetch(server.url, tmp_path / "part", progress)

    assert server.ranges == ["bytes=70000-"]
    assert (tmp_path / "part").read_bytes() == WEIGHTS
    assert progress.moved_bytes == len(WEIGHTS)


def test_a_server_that_ignores_ranges_starts_over(tmp_path):
    (tmp_path / "part").write_bytes(WEIGHTS[:70_000])
    progress = RememberedProgress()

    with serving(whole_file(WEIGHTS)) as server:
        fetch(server.url, tmp_path / "part", progress)

    assert (tmp_path / "part").read_bytes() == WEIGHTS
    assert progress.moved_bytes == len(WEIGHTS)


def test_a_file_that_is_here_already_asks_nobody(tmp_path):
    (tmp_path / "part").write_bytes(WEIGHTS)

    with serving(status(500)) as server:
        fetch(server.url, tmp_path / "part")

    assert server.ranges == []


def test_a_started_file_that_is_too_long_is_thrown_away(tmp_path):
    (tmp_path / "part").write_bytes(WEIGHTS + b"more")

    with serving(with_ranges(WEIGHTS)) as server:
        fetch(server.url, tmp_path / "part")

    assert server.ranges == [None]
    assert (tmp_path / "part").read_bytes() == WEIGHTS


def test_a_line_that_breaks_off_is_taken_up_where_it_broke(tmp_path):
    with serving(with_ranges(WEIGHTS, cut_after=6 * PIECE_BYTES + 5)) as server:
        fetch(server.url, tmp_path / "part")

    assert server.ranges == [None, *(f"bytes={piece * PIECE_BYTES}-" for piece in (6, 12, 18))]
    assert (tmp_path / "part").read_bytes() == WEIGHTS


def test_a_line_that_breaks_all_the_time_is_given_up_and_what_came_is_kept(tmp_path):
    weights = bytes(2 * MAX_TRIES * PIECE_BYTES)
    with (
        serving(with_ranges(weights, cut_after=PIECE_BYTES)) as server,
        pytest.raises(SourceFailed, match="broke off 20 times"),
    ):
        download(server.url, artifact_of(weights), tmp_path / "part", timeout_s=5, progress=RememberedProgress())

    assert len(server.ranges) == MAX_TRIES
    assert (tmp_path / "part").stat().st_size == MAX_TRIES * PIECE_BYTES


def test_a_file_that_is_too_short_is_told(tmp_path):
    with serving(with_ranges(WEIGHTS[:1000])) as server, pytest.raises(SourceFailed):
        fetch(server.url, tmp_path / "part")


def test_a_file_that_is_too_long_is_cut_short_and_told(tmp_path):
    with serving(whole_file(WEIGHTS * 2)) as server, pytest.raises(SourceFailed, match="sends more than"):
        fetch(server.url, tmp_path / "part")

    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("code", [401, 403, 404, 500, 503])
def test_a_refusal_is_told_with_its_status(tmp_path, code):
    with serving(status(code)) as server, pytest.raises(SourceFailed, match=f"answered {code}"):
        fetch(server.url, tmp_path / "part")


def test_a_redirect_is_followed(tmp_path):
    with serving(with_ranges(WEIGHTS)) as target, serving(redirect_to(f"{target.url}/there")) as server:
        fetch(server.url, tmp_path / "part")

    assert target.paths == ["/there"]
    assert (tmp_path / "part").read_bytes() == WEIGHTS


def test_redirects_in_a_circle_end(tmp_path):
    with serving(redirect_to("/again")) as server, pytest.raises(SourceFailed, match="TooManyRedirects"):
        fetch(server.url, tmp_path / "part")


def test_a_server_that_never_answers_is_left_after_the_timeout(tmp_path):
    with (
        serving(lambda handler: time.sleep(0.6)) as server,
        pytest.raises(SourceFailed, match=r"was silent for 0\.2 s"),
    ):
        fetch(server.url, tmp_path / "part", timeout_s=0.2)


def test_a_server_that_falls_silent_in_the_middle_is_left_and_what_came_is_kept(tmp_path):
    def stall(handler):
        with_ranges(WEIGHTS, cut_after=100)(handler)
        handler.wfile.flush()
        time.sleep(0.6)

    (tmp_path / "part").write_bytes(WEIGHTS[: 10 * PIECE_BYTES])
    with serving(stall) as server, pytest.raises(SourceFailed, match=r"was silent for 0\.2 s"):
        fetch(server.url, tmp_path / "part", timeout_s=0.2)

    assert (tmp_path / "part").read_bytes() == WEIGHTS[: 10 * PIECE_BYTES]


def test_a_server_that_answers_another_part_than_asked_is_refused(tmp_path):
    def wrong_part(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 5-{len(WEIGHTS) - 1}/{len(WEIGHTS)}")
        handler.end_headers()
        handler.wfile.write(WEIGHTS[5:])

    (tmp_path / "part").write_bytes(WEIGHTS[:1000])
    with serving(wrong_part) as server, pytest.raises(SourceFailed, match="another part"):
        fetch(server.url, tmp_path / "part")


def test_nobody_listening_is_told(tmp_path):
    with serving(whole_file(b"")) as server:
        url = server.url

    with pytest.raises(SourceFailed, match="could not be reached"):
        fetch(url, tmp_path / "part")


@pytest.mark.parametrize("url", ["models.example", "ftp://models.example/x", "http://"])
def test_an_address_that_is_none_is_told(tmp_path, url):
    with pytest.raises(SourceFailed, match="cannot be asked"):
        fetch(url, tmp_path / "part")


def test_no_password_or_query_is_ever_shown():
    assert describe("https://me:secret@mirror.example:8443/a/b.onnx?token=secret") == "mirror.example:8443/a/b.onnx"
