"""Several models in one process: opened when asked for, a bounded number of them, each with its own state."""

import hashlib
import itertools
import threading
import time
from dataclasses import replace

import pytest

from processing import engine as engine_module
from processing.engine import Engine, ModelNotReady
from processing.matting.model_catalog import Artifact, get_model
from processing.matting.session import open_session
from tests.processing.matting.stand_in_graphs import red_times

NAMES = ("first", "second", "third", "fourth")


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """Give the folder of four small models that are all allowed; the first is the default."""
    rows = {}
    for number, name in enumerate(NAMES):
        row = replace(get_model("isnet-general-use"), name=name, input_size=8)
        data = red_times(row, 1.0, number / 10)
        (tmp_path / f"{name}.onnx").write_bytes(data)
        artifact = Artifact(
            file_name=f"{name}.onnx",
            size_bytes=len(data),
            digest_algorithm="sha256",
            digest=hashlib.sha256(data).hexdigest(),
            precision="fp32",
            sources=(),
        )
        rows[name] = replace(row, artifacts=(artifact,))
    monkeypatch.setattr(engine_module, "get_model", rows.__getitem__)
    settings.MODEL_CACHE_DIR = tmp_path
    settings.MODEL_NAME, settings.ALLOWED_MODELS = "first", list(NAMES)
    settings.EXTRA_MODELS_OPEN = 2
    monkeypatch.setattr(engine_module, "KEPT_OPEN_S", 0.0)
    return tmp_path


def states(engine: Engine) -> dict[str, str]:
    return {name: status.state for name, status in engine.statuses().items()}


def hold_openings(monkeypatch):
    """Return two events: one that an opening has begun, and one that lets it go on."""
    is_opening, may_open = threading.Event(), threading.Event()

    def open_slowly(*args, **kwargs):
        is_opening.set()
        may_open.wait(10)
        return open_session(*args, **kwargs)

    monkeypatch.setattr(engine_module, "open_session", open_slowly)
    return is_opening, may_open


def test_nothing_is_opened_before_it_is_asked_for(folder):
    engine = Engine()

    assert states(engine) == {"first": "loading", "second": "closed", "third": "closed", "fourth": "closed"}


def test_each_model_is_opened_once_and_says_so(folder):
    engine = Engine()

    assert engine.session() is engine.session("first")
    assert engine.session("second") is engine.session("second")
    assert engine.session("second").model.name == "second"
    assert states(engine) == {"first": "ready", "second": "ready", "third": "closed", "fourth": "closed"}
    assert engine.status("second").digest == engine.session("second").model.artifacts[0].digest


def test_the_extra_model_not_asked_for_longest_is_closed_and_the_default_never(folder):
    engine = Engine()
    engine.session()
    engine.session("second")
    engine.session("third")
    engine.session("second")
    engine.session("fourth")

    assert states(engine) == {"first": "ready", "second": "ready", "third": "closed", "fourth": "ready"}
    assert engine.session("third").model.name == "third"
    assert states(engine)["second"] == "closed"


def test_room_is_made_before_a_model_is_opened_and_not_after(folder, settings, monkeypatch):
    settings.EXTRA_MODELS_OPEN = 1
    engine = Engine()
    open_before = []

    def open_and_look(*args, **kwargs):
        open_before.append([name for name, state in states(engine).items() if state == "ready"])
        return open_session(*args, **kwargs)

    monkeypatch.setattr(engine_module, "open_session", open_and_look)
    for name in ("first", "second", "third", "fourth"):
        engine.session(name)

    assert open_before == [[], ["first"], ["first"], ["first"]]


def test_many_at_once_never_hold_more_models_open_than_allowed(folder, settings, monkeypatch):
    settings.EXTRA_MODELS_OPEN = 1
    settings.SLOT_WAIT_S = 30
    engine = Engine()
    opening, most_opening, most_open = threading.Semaphore(1), [], []

    def open_and_count(*args, **kwargs):
        most_opening.append(opening.acquire(blocking=False))
        if args[1].name != "first":
            most_open.append([name for name in NAMES[1:] if states(engine)[name] == "ready"])
        session = open_session(*args, **kwargs)
        opening.release()
        return session

    monkeypatch.setattr(engine_module, "open_session", open_and_count)
    callers = [threading.Thread(target=engine.session, args=(name,)) for name in NAMES * 4]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)

    assert all(most_opening), "two were opened at once"
    assert not any(most_open), "one was opened beside another"
    assert list(states(engine).values()).count("ready") == 2


def test_what_is_open_is_handed_out_while_another_is_being_opened(folder, settings, monkeypatch):
    settings.SLOT_WAIT_S = 30
    engine = Engine()
    engine.session()
    is_opening, may_open = hold_openings(monkeypatch)
    opener = threading.Thread(target=engine.session, args=("second",))
    opener.start()
    assert is_opening.wait(10)
    began = time.monotonic()

    assert engine.session().model.name == "first"
    assert time.monotonic() - began < 1
    may_open.set()
    opener.join(10)


def test_the_refusal_names_the_model_where_another_can_be_chosen(folder, settings):
    (folder / "third.onnx").unlink()

    with pytest.raises(ModelNotReady, match=r"third is not ready.*another one in the field `model`"):
        Engine().session("third")
    settings.ALLOWED_MODELS, settings.MODEL_NAME = ["third"], "third"
    with pytest.raises(ModelNotReady) as refused:
        Engine().session()
    assert "another" not in refused.value.public_text


def test_whoever_works_with_a_closed_model_finishes(folder, settings):
    settings.EXTRA_MODELS_OPEN = 1
    engine = Engine()
    session = engine.session("second")
    engine.session("third")

    assert states(engine)["second"] == "closed"
    assert session.model.name == "second"


def test_a_missing_extra_model_is_refused_and_keeps_nobody_else_out(folder, settings):
    settings.EXTRA_MODELS_OPEN = 1
    (folder / "third.onnx").unlink()
    engine = Engine()
    engine.session("second")

    assert states(engine)["third"] == "missing"
    with pytest.raises(ModelNotReady):
        engine.session("third")
    assert "fetch_model third" in (engine.status("third").problem or "")
    assert states(engine)["second"] == "ready"
    assert engine.session().model.name == "first"


def test_a_cut_off_model_counts_as_missing_before_it_is_read_and_as_altered_after(folder):
    (folder / "second.onnx").write_bytes(b"half")
    engine = Engine()

    assert engine.status("second").state == "missing"
    with pytest.raises(ModelNotReady):
        engine.session("second")
    assert engine.status("second").state == "altered"


def test_a_model_that_is_not_allowed_is_never_opened(folder, settings):
    settings.ALLOWED_MODELS = ["first"]

    with pytest.raises(ValueError, match="ALLOWED_MODELS"):
        Engine().session("second")


def test_while_a_model_is_being_opened_others_wait_for_it_no_longer_than_for_a_slot(folder, settings, monkeypatch):
    settings.SLOT_WAIT_S = 0.05
    is_opening, may_open = hold_openings(monkeypatch)
    engine = Engine()
    opener = threading.Thread(target=engine.session, args=("second",))
    opener.start()
    assert is_opening.wait(10)

    with pytest.raises(ModelNotReady):
        engine.session("second")
    may_open.set()
    opener.join(10)

    assert engine.session("second").model.name == "second"


def test_models_asked_for_in_turn_are_not_opened_for_each_call(folder, settings, monkeypatch):
    """Two callers that alternate between two models: each opening lasts a while, and they wait for it."""
    settings.EXTRA_MODELS_OPEN = 1
    settings.SLOT_WAIT_S = 5
    monkeypatch.setattr(engine_module, "KEPT_OPEN_S", 0.4)
    engine, openings = Engine(), []

    def open_and_note(*args, **kwargs):
        openings.append((args[1].name, time.monotonic()))
        return open_session(*args, **kwargs)

    monkeypatch.setattr(engine_module, "open_session", open_and_note)
    ends = time.monotonic() + 2

    def call_in_turn(names):
        while time.monotonic() < ends:
            for name in names:
                assert engine.session(name).model.name == name
                time.sleep(0.005)

    callers = [threading.Thread(target=call_in_turn, args=[names]) for names in (NAMES[1:3], NAMES[2:0:-1])]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)

    times = [moment for _name, moment in openings]
    assert len(openings) >= 3, "both models had their turns"
    assert all(later - earlier >= 0.4 for earlier, later in itertools.pairwise(times))


def test_a_model_that_finds_no_room_in_time_is_refused_with_the_seconds_to_wait(folder, settings, monkeypatch):
    settings.EXTRA_MODELS_OPEN = 1
    monkeypatch.setattr(engine_module, "KEPT_OPEN_S", 30.0)
    engine = Engine()
    engine.session("second")
    began = time.monotonic()

    with pytest.raises(ModelNotReady) as refused:
        engine.session("third", at_most_s=0.2)

    assert time.monotonic() - began < 5, "it is refused at once: there will be no room in time"
    assert 25 <= refused.value.retry_after_s <= 30
    assert states(engine)["second"] == "ready"
    assert engine.session().model.name == "first", "the default model never waits for room"
