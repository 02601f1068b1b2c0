import logging
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from django.conf import settings
from PIL import Image

from processing.matting import graph
from processing.matting.deadline import Deadline
from processing.matting.errors import ModelUnusable, Preempted, TooSlow
from processing.matting.execution_providers import ProviderMissing
from processing.matting.model_catalog import get_model
from processing.matting.predict import predict
from processing.matting.preemptible_session import MAX_PREEMPTIONS, PreemptibleSession
from processing.matting.prepared_graph import GRAPH, WEIGHTS
from processing.matting.session import OnnxSession, open_session
from processing.weights import load_verified
from tests.photos import photo_path
from tests.processing.matting.small_networks import SIDE, joining_network, operators


def _pattern(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, 1024, 1024), np.float32) - np.float32(0.5)


def test_matte_has_the_promised_shape_range_and_type(isnet: OnnxSession) -> None:
    matte = isnet.run(_pattern(1))

    assert matte.shape == (1024, 1024)
    assert matte.dtype == np.float32
    assert matte.min() >= 0
    assert matte.max() <= 1


def test_threads_share_one_session_and_get_their_own_answers(isnet: OnnxSession) -> None:
    y, x = np.mgrid[:1024, :1024]
    shapes = [np.hypot(x - centre, y - 512) < 200 for centre in (300, 700)]
    tensors = [np.where(shape, 0.4, -0.4).astype(np.float32)[None, None].repeat(3, axis=1) for shape in shapes]
    alone = [isnet.run(tensor) for tensor in tensors]

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(isnet.run, tensors))

    assert np.abs(alone[0] - alone[1]).max() > 0.5
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("weights", [b"", b"junk" * 100])
def test_bytes_that_are_no_network_are_unusable(weights: bytes) -> None:
    with pytest.raises(ModelUnusable) as refused:
        open_session(weights, get_model("isnet-general-use"), threads=1)

    assert (refused.value.code, refused.value.status, refused.value.is_our_fault) == ("service_unavailable", 503, True)
    assert "isnet-general-use" in (refused.value.details or "")
    assert "isnet" not in refused.value.public_text


# --- The prepared graph ----------------------------------------------------------------------------------------

PROJECT = Path(__file__).resolve().parents[3]
SMALL = replace(get_model("isnet-general-use"), name="small", input_size=SIDE)
NETWORK = joining_network(kind=np.float16).SerializeToString()
PICTURE = np.random.default_rng(2).random((1, 3, SIDE, SIDE), np.float32)


def open_small(folder: Path | None, **options: str) -> OnnxSession:
    return open_session(NETWORK, SMALL, threads=1, prepared_folder=folder, digest="abc", **options)


def prepared_file(folder: Path, name: str) -> Path:
    (path,) = folder.glob(f"small-*/{name}")
    path.chmod(0o644)
    return path


def test_the_prepared_network_gives_a_real_photo_the_matte_of_the_plain_one(isnet: OnnxSession) -> None:
    weights = load_verified(isnet.model, Path(settings.MODEL_CACHE_DIR)).data
    with Image.open(photo_path("astronaut")) as photo:
        picture = np.asarray(photo.convert("RGB"))

    prepared = predict(picture, isnet)
    plain = predict(picture, open_session(weights, isnet.model, threads=settings.INFERENCE_THREADS))

    assert prepared.std() > 0.3
    assert np.abs(prepared - plain).max() < 0.005
    assert np.abs(prepared - plain).mean() < 1e-5


def test_one_picture_has_one_matte(isnet: OnnxSession) -> None:
    assert np.array_equal(isnet.run(_pattern(3)), isnet.run(_pattern(3)))


def test_a_prepared_graph_is_made_once_and_answers_as_the_plain_one(tmp_path: Path) -> None:
    first = open_small(tmp_path).run(PICTURE)
    made_at = prepared_file(tmp_path, GRAPH).stat().st_mtime_ns

    second = open_small(tmp_path).run(PICTURE)

    assert prepared_file(tmp_path, GRAPH).stat().st_mtime_ns == made_at
    assert np.array_equal(first, second)
    assert first.std() > 0.01
    assert np.abs(first - open_small(None).run(PICTURE)).max() < 2e-3


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS])
def test_a_damaged_prepared_graph_never_answers(tmp_path: Path, name: str) -> None:
    right = open_small(tmp_path).run(PICTURE)
    path = prepared_file(tmp_path, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)

    assert np.array_equal(open_small(tmp_path).run(PICTURE), right)


def test_without_a_folder_to_write_to_the_plain_graph_serves_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("a file where the folder should be")

    with caplog.at_level(logging.WARNING):
        matte = open_small(tmp_path / "file").run(PICTURE)

    assert np.array_equal(matte, open_small(None).run(PICTURE))
    assert [record.message for record in caplog.records] == ["graph_not_prepared"]


def test_a_rewrite_that_changes_the_answer_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = joining_network((32, 16)).SerializeToString()
    monkeypatch.setattr(graph, "rewritten_for_cpu", lambda weights: other)

    with caplog.at_level(logging.WARNING):
        matte = open_small(tmp_path).run(PICTURE)

    assert [record.message for record in caplog.records] == ["graph_form_errs"]
    assert np.abs(matte - open_small(None).run(PICTURE)).max() < 2e-3


def test_a_graph_that_no_rewrite_understands_is_only_cut() -> None:
    network = joining_network(kind=np.float16)
    network.graph.node[0].domain = "strangers"

    kept = graph.onnx.load_model_from_string(graph.rewritten_for_cpu(network.SerializeToString()))

    assert operators(kept) == operators(network)


def test_the_rewritten_graph_has_neither_half_precision_nor_joins() -> None:
    rewritten = graph.onnx.load_model_from_string(graph.rewritten_for_cpu(NETWORK))

    assert "Concat" not in operators(rewritten)
    assert {tensor.data_type for tensor in rewritten.graph.initializer} == {graph.TensorProto.FLOAT}
    assert "head 0.w" not in {tensor.name for tensor in rewritten.graph.initializer}


def test_a_start_with_a_prepared_graph_imports_no_onnx(tmp_path: Path) -> None:
    open_small(tmp_path)
    (tmp_path / "small.onnx").write_bytes(NETWORK)
    script = f"""import sys
from dataclasses import replace
from pathlib import Path
from processing.matting.model_catalog import get_model
from processing.matting.session import open_session
small = replace(get_model("isnet-general-use"), name="small", input_size={SIDE})
folder = Path({str(tmp_path)!r})
weights = (folder / "small.onnx").read_bytes()
open_session(weights, small, threads=1, prepared_folder=folder, digest="abc")
sys.exit("onnx" in sys.modules)"""

    assert subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=False).returncode == 0


# --- Execution providers ---------------------------------------------------------------------------------------


def test_a_session_says_what_runs_it(isnet: OnnxSession) -> None:
    assert isnet.provider == "cpu"


def test_cuda_is_refused_where_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])

    with pytest.raises(ProviderMissing) as refused:
        open_small(tmp_path, provider="cuda")

    assert "removebg[cuda]" in (refused.value.details or "")
    assert list(tmp_path.iterdir()) == []


def test_a_plug_in_that_is_not_installed_or_finds_no_device_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_ep_devices", lambda: [])

    with pytest.raises(ProviderMissing) as refused:
        open_small(tmp_path, provider="openvino")

    assert "removebg[openvino]" in (refused.value.details or "")


def test_threads_run_the_network_one_after_the_other(isnet: OnnxSession, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most = 0, 0
    inference = isnet._session

    class Watched:
        def run(self, *arguments: object) -> object:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            try:
                return inference.run(*arguments)
            finally:
                at_once -= 1

    monkeypatch.setattr(isnet, "_session", Watched())

    with ThreadPoolExecutor(3) as pool:
        mattes = list(pool.map(isnet.run, [_pattern(1)] * 3))

    assert most == 1
    assert all(np.array_equal(matte, mattes[0]) for matte in mattes)


def _is_preemptible_run_under_way(session: OnnxSession) -> bool:
    return session._preemption._options is not None


def _wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.001)


def test_a_run_that_goes_first_ends_a_preemptible_one_which_is_repeated(isnet: OnnxSession) -> None:
    pattern, other = _pattern(1), _pattern(2)
    alone = isnet.run(pattern)
    runs: list[str] = []
    preemptible = PreemptibleSession(isnet, lambda: runs.append("begun"))

    with ThreadPoolExecutor(1) as pool:
        free = pool.submit(preemptible.run, pattern)
        _wait_until(lambda: _is_preemptible_run_under_way(isnet))
        isnet.run(other)
        was_done = free.done()
        matte = free.result(timeout=60)

    assert not was_done
    assert len(runs) == 2
    assert np.array_equal(matte, alone)


def test_a_preemptible_run_does_not_begin_while_another_waits(
    isnet: OnnxSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processing.matting.session.MAX_WAIT_FOR_OTHERS_S", 0.1)
    with isnet._preemption.preempt(), pytest.raises(Preempted):
        isnet.run(_pattern(1), is_preemptible=True)


def test_a_run_that_was_preempted_often_goes_to_its_end(isnet: OnnxSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.matting.session.MAX_WAIT_FOR_OTHERS_S", 0.1)
    runs: list[str] = []
    with isnet._preemption.preempt():
        matte = PreemptibleSession(isnet, lambda: runs.append("begun")).run(_pattern(1))

    assert len(runs) == MAX_PREEMPTIONS
    assert np.array_equal(matte, isnet.run(_pattern(1)))


def test_a_preemptible_run_is_given_up_at_its_deadline(isnet: OnnxSession) -> None:
    with pytest.raises(TooSlow):
        isnet.run(_pattern(1), Deadline.after(0.05), is_preemptible=True)
