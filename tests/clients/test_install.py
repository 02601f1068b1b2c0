"""Clients from npm are installed once, from locks that name no address; what is missing is told in one line."""

import json
from pathlib import Path

import pytest

from tests.clients.install import install_clients, require_curl
from tests.clients.node_environment import make_node_environment

LOCKS = sorted(Path(__file__).parent.glob("*/package-lock.json"))
EMPTY = {"name": "tiny", "lockfileVersion": 3, "requires": True, "packages": {"": {}}}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A client that needs nothing from a registry."""
    folder = tmp_path / "clients" / "tiny"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}')
    (folder / "package-lock.json").write_text(json.dumps(EMPTY))
    return folder


def test_a_client_of_npm_is_installed_then_left_alone_and_follows_its_lock(tmp_path, tiny, capfd):
    environments = install_clients(tiny.parent, tmp_path / "cache")
    assert environments == [tmp_path / "cache" / "tiny"]
    assert (environments[0] / "package-lock.json").read_text() == (tiny / "package-lock.json").read_text()
    assert capfd.readouterr().out == "Installing tiny/package-lock.json ...\n"

    install_clients(tiny.parent, tmp_path / "cache")
    assert capfd.readouterr().out == ""

    (tiny / "package-lock.json").write_text(json.dumps(EMPTY | {"name": "newer"}))
    install_clients(tiny.parent, tmp_path / "cache")
    assert "Installing" in capfd.readouterr().out


def test_after_one_that_failed_an_installation_starts_over_though_the_lock_is_the_old_one_again(tmp_path, tiny, capfd):
    make_node_environment(tmp_path / "tiny", tiny, needed_gb=0)

    (tiny / "package.json").write_text("no JSON")
    for _ in range(2):
        with pytest.raises(SystemExit, match="Installing tiny failed"):
            make_node_environment(tmp_path / "tiny", tiny, needed_gb=0)
        assert "EJSONPARSE" in capfd.readouterr().err

    (tiny / "package.json").write_text('{"private": true}')
    make_node_environment(tmp_path / "tiny", tiny, needed_gb=0)
    assert "Installing" in capfd.readouterr().out


@pytest.mark.parametrize("missing", ["npm", "node"])
def test_a_missing_npm_is_told_in_one_line_with_the_way_to_get_it(tmp_path, tiny, monkeypatch, missing):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / ("node" if missing == "npm" else "npm")).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(SystemExit) as stopped:
        make_node_environment(tmp_path / "tiny", tiny, needed_gb=0)

    assert str(stopped.value.code).startswith("npm is needed for the client tiny: `sudo apt install npm` on Debian")
    assert "\n" not in str(stopped.value.code)


def test_a_missing_curl_is_told_in_one_line_with_the_way_to_get_it(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        require_curl(str(tmp_path))

    assert "`sudo apt install curl` on Debian" in str(stopped.value.code)
    assert "\n" not in str(stopped.value.code)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_of_npm_names_each_package_by_its_digest_and_none_by_an_address(lock):
    packages = {name: facts for name, facts in json.loads(lock.read_text())["packages"].items() if name}

    assert len(packages) > 50
    assert all(facts["integrity"].startswith("sha512-") for facts in packages.values())
    assert not any("resolved" in facts for facts in packages.values())
