"""The folder of prepared graphs: whole or not there, whatever happens to it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from processing.matting.prepared_graph import GRAPH, WEIGHTS, PreparedKey, find_or_make_prepared, find_prepared

PROJECT = Path(__file__).resolve().parents[3]
KEY = PreparedKey(model="tiny", digest="abc", runtime="onnxruntime 1.0")


def write(graph: Path) -> None:
    graph.write_bytes(b"graph" * 100)
    graph.with_name(WEIGHTS).write_bytes(b"weights" * 1000)


def refuse(graph: Path) -> None:
    pytest.fail("There was no need to make it again.")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return find_or_make_prepared(tmp_path, KEY, write)


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_what_was_made_is_found_and_not_made_again(
    tmp_path: Path, made: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert made.read_bytes() == b"graph" * 100
    assert find_or_make_prepared(tmp_path, KEY, refuse) == made
    assert entries(tmp_path) == [KEY.name]
    assert not caplog.records


def test_the_record_says_what_it_was_made_of(made: Path) -> None:
    record = json.loads((made.parent / "record.json").read_text())

    assert (record["model"], record["digest"], record["runtime"]) == ("tiny", "abc", "onnxruntime 1.0")


def test_files_that_are_mapped_are_write_protected(made: Path) -> None:
    assert [path.stat().st_mode & 0o222 for path in made.parent.iterdir()] == [0, 0, 0]


def alter(path: Path, change: Callable[[Path], object]) -> None:
    path.parent.chmod(0o755)
    path.chmod(0o644)
    change(path)


def flip_one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "one bit": flip_one_bit,
    "gone": Path.unlink,
}


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_graph_is_not_found_and_made_again(
    tmp_path: Path, made: Path, name: str, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    alter(made.parent / name, damage)

    assert find_prepared(tmp_path, KEY) is None
    with caplog.at_level("WARNING", "processing.matting.prepared_graph"):
        assert find_or_make_prepared(tmp_path, KEY, write) == made
    assert [record.getMessage() for record in caplog.records] == ["prepared_graph_damaged"]
    assert made.read_bytes() == b"graph" * 100
    assert entries(tmp_path) == [KEY.name]


@pytest.mark.parametrize("record", ["", "[]", "null", "{}", '{"crc32": {}}', '{"crc32": 7}', "\0"])
def test_a_record_of_nonsense_is_no_record(tmp_path: Path, made: Path, record: str) -> None:
    alter(made.parent / "record.json", lambda path: path.write_text(record))

    assert find_prepared(tmp_path, KEY) is None


@pytest.mark.parametrize("change", [{"digest": "other"}, {"runtime": "onnxruntime 2.0"}])
def test_other_weights_or_another_runtime_get_a_graph_of_their_own_and_the_old_one_goes(
    tmp_path: Path, made: Path, change: dict[str, str]
) -> None:
    other = replace(KEY, **change)

    assert find_prepared(tmp_path, other) is None
    find_or_make_prepared(tmp_path, other, write)

    assert entries(tmp_path) == [other.name]


def test_other_models_and_other_kinds_of_cpu_keep_theirs(tmp_path: Path, made: Path) -> None:
    elsewhere = tmp_path / f"tiny-{'0' * 12}-{'0' * 12}"
    shutil.copytree(made.parent, elsewhere)
    neighbour = replace(KEY, model="tiny-two")

    find_or_make_prepared(tmp_path, neighbour, write)
    find_or_make_prepared(tmp_path, replace(KEY, digest="new"), write)

    assert elsewhere.name in entries(tmp_path)
    assert neighbour.name in entries(tmp_path)
    assert KEY.name not in entries(tmp_path)


def test_of_a_making_that_fails_nothing_is_kept(tmp_path: Path) -> None:
    def fill_the_disk(graph: Path) -> None:
        graph.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        find_or_make_prepared(tmp_path, KEY, fill_the_disk)

    assert entries(tmp_path) == []


def start_making(folder: Path, make: str) -> "subprocess.Popen[bytes]":
    """Start a process that asks for the graph of KEY; `make` is the source of its function of that name."""
    script = f"""import os
from pathlib import Path
from processing.matting.prepared_graph import PreparedKey, find_or_make_prepared
{make}
find_or_make_prepared(Path({str(folder)!r}), {KEY!r}, make)"""
    return subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT)


def test_what_a_dead_process_left_unfinished_goes(tmp_path: Path) -> None:
    dying = "def make(graph):\n    graph.write_bytes(b'half')\n    os._exit(9)"
    assert start_making(tmp_path, dying).wait(20) == 9
    assert len(entries(tmp_path)) == 1
    assert find_prepared(tmp_path, KEY) is None

    find_or_make_prepared(tmp_path, KEY, write)

    assert entries(tmp_path) == [KEY.name]


def test_of_several_processes_one_makes_it_and_all_find_it(tmp_path: Path) -> None:
    counting = f"""def make(graph):
    with open({str(tmp_path / "makings")!r}, "a") as file:
        file.write("one ")
    graph.write_bytes(b"graph" * 100)
    graph.with_name("weights.bin").write_bytes(b"weights")"""

    processes = [start_making(tmp_path / "prepared", counting) for _ in range(4)]

    assert [process.wait(30) for process in processes] == [0] * 4
    assert (tmp_path / "makings").read_text() == "one "
    assert find_prepared(tmp_path / "prepared", KEY) is not None


def test_where_no_folder_can_be_made_the_error_is_the_systems(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where the folder should be")

    with pytest.raises(OSError, match="file"):
        find_or_make_prepared(tmp_path / "file", KEY, write)
