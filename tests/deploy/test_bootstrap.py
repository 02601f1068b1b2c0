"""What is missing is named in one line; what is ready is left alone; what was interrupted starts over."""

import ast
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy import bootstrap
from tests.clients.install import install_clients

SOURCE = Path(bootstrap.__file__)


def one_line_of(stopped: pytest.ExceptionInfo[SystemExit]) -> str:
    message = stopped.value.code
    assert isinstance(message, str)
    assert "\n" not in message
    return message


# --- Prerequisites ---------------------------------------------------------------------------------------------


def test_an_old_python_can_read_it_and_is_told_which_one_to_get():
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 8))

    with pytest.raises(SystemExit) as stopped:
        bootstrap.require_python((3, 8))

    message = one_line_of(stopped)
    assert message.startswith("Python 3.11 or newer is needed and this is 3.8:")
    assert "make PYTHON=python3.11" in message


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (4, 0)])
def test_a_new_enough_python_passes(version):
    bootstrap.require_python(version)


def test_it_needs_nothing_but_the_standard_library():
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8")))
        for name in _names_imported_by(node)
    }

    assert imported <= {*sys.stdlib_module_names, "__future__"}


def _names_imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_module_is_told_with_the_package_that_has_it(tmp_path, module):
    code = (
        f"import sys, pathlib; sys.modules[{module!r}] = None\n"
        "from deploy import bootstrap\n"
        f"bootstrap.make_environment(pathlib.Path({str(tmp_path / 'env')!r}), [], needed_gb=0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=bootstrap.ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Python's {module} module is missing: `sudo apt install python3.")
    assert done.stderr.count("\n") == 1


def test_too_little_disk_is_told_in_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_200_000_000))

    with pytest.raises(SystemExit) as stopped:
        bootstrap.make_environment(tmp_path / "env", [], needed_gb=3)

    assert one_line_of(stopped).startswith(f"3 GB of free disk are needed in {tmp_path} and 1.2 GB are there")
    assert not (tmp_path / "env").exists()


def test_the_tests_need_linux():
    bootstrap.require_linux("linux")
    with pytest.raises(SystemExit) as stopped:
        bootstrap.require_linux("darwin")

    assert "this is darwin" in one_line_of(stopped)


def test_a_free_port_passes_and_8000_is_meant_when_none_is_named():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    assert bootstrap.require_free_port(str(port)) == port


def test_a_taken_port_is_told_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            bootstrap.require_free_port(str(port))

    assert one_line_of(stopped).startswith(f"Port {port} cannot be used")
    assert "`PORT=8000`" in one_line_of(stopped)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80 80"])
def test_a_port_that_is_none_is_told(port):
    with pytest.raises(SystemExit) as stopped:
        bootstrap.require_free_port(port)

    assert "PORT must be a number" in one_line_of(stopped)


# --- npm, the client that has the model ------------------------------------------------------------------------


@pytest.fixture
def no_npm(tmp_path) -> dict[str, str]:
    """An environment without npm and without a model."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "MODEL_CACHE_DIR": str(tmp_path / "models")}


def test_a_missing_npm_stops_the_tests_with_the_way_to_get_it(no_npm):
    with pytest.raises(SystemExit) as stopped:
        bootstrap.check_npm("test", no_npm)

    assert "sudo apt install npm" in one_line_of(stopped)


def test_a_missing_npm_is_named_and_the_demo_goes_on(no_npm, capsys):
    bootstrap.check_npm("demo", no_npm)

    told = capsys.readouterr().out
    assert "npm is missing (`sudo apt install npm`" in told
    assert told.count("\n") == 1


def test_npm_is_not_asked_for_where_the_model_is(no_npm, tmp_path, capsys):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "isnet.onnx").touch()

    bootstrap.check_npm("test", no_npm)

    assert capsys.readouterr().out == ""


def test_npm_is_not_asked_for_where_there_is_a_mirror(no_npm, capsys):
    bootstrap.check_npm("test", {**no_npm, "MODEL_MIRROR_URL": "http://mirror"})

    assert capsys.readouterr().out == ""


def test_npm_is_found_on_the_path(no_npm, tmp_path, capsys):
    (tmp_path / "bin" / "npm").touch(mode=0o755)

    bootstrap.check_npm("test", no_npm)

    assert capsys.readouterr().out == ""


def test_the_model_is_looked_for_where_the_settings_keep_it(settings, monkeypatch):
    assert bootstrap.model_folder({"MODEL_CACHE_DIR": "/models"}) == Path("/models")
    assert bootstrap.model_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/removebg/models")
    monkeypatch.setenv("HOME", "/home/alice")
    assert bootstrap.model_folder({}) == Path("/home/alice/.cache/removebg/models")


# --- The environment -------------------------------------------------------------------------------------------


def answer_of(environment: Path) -> str:
    done = subprocess.run(
        [environment / "bin" / "python", "-c", "import tinywheel; print(tinywheel.ANSWER)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_an_environment_starts_over_after_a_failure_is_then_left_alone_and_follows_its_lock(tmp_path, wheel, capfd):
    environment, lock = tmp_path / "env", tmp_path / "app.txt"

    lock.write_text(wheel.lock(digest="0" * 64))
    with pytest.raises(SystemExit) as stopped:
        bootstrap.make_environment(environment, [lock], needed_gb=0)
    assert one_line_of(stopped).startswith("Installing app.txt failed")
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err

    lock.write_text(wheel.lock())
    bootstrap.make_environment(environment, [lock], needed_gb=0)
    assert "Making the environment env" in capfd.readouterr().out
    assert answer_of(environment) == "42"

    bootstrap.make_environment(environment, [lock], needed_gb=0)
    assert capfd.readouterr().out == ""

    lock.write_text(f"# newer\n{wheel.lock()}")
    bootstrap.make_environment(environment, [lock], needed_gb=0)
    told = capfd.readouterr().out
    assert "Installing" in told
    assert "Making the environment" not in told


def test_the_stamp_knows_the_locks_the_place_and_the_python(tmp_path, monkeypatch):
    lock = tmp_path / "app.txt"
    lock.write_text("one")
    first = bootstrap.fingerprint(tmp_path / "env", [lock])

    assert bootstrap.fingerprint(tmp_path / "env", [lock]) == first
    assert bootstrap.fingerprint(tmp_path / "moved", [lock]) != first
    lock.write_text("two")
    assert bootstrap.fingerprint(tmp_path / "env", [lock]) != first
    lock.write_text("one")
    monkeypatch.setattr(sys, "version", "3.99")
    assert bootstrap.fingerprint(tmp_path / "env", [lock]) != first


def test_something_that_is_no_environment_has_no_python(tmp_path):
    assert bootstrap.python_version_in(tmp_path) is None


def test_every_purpose_has_its_locks():
    for names in bootstrap.LOCKS.values():
        for name in names:
            assert "--hash=sha256:" in (bootstrap.REQUIREMENTS / name).read_text(encoding="utf-8")


def test_each_foreign_client_gets_an_environment_of_its_own(tmp_path, wheel):
    for name in ("one", "two"):
        (tmp_path / "clients" / name).mkdir(parents=True)
    (tmp_path / "clients" / "one" / "requirements.txt").write_text(wheel.lock())

    environments = install_clients(tmp_path / "clients", tmp_path / "cache" / "clients")

    assert environments == [tmp_path / "cache" / "clients" / "one"]
    assert answer_of(environments[0]) == "42"
