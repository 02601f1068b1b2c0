"""Which photos the quality bench takes, and what it says of a folder that it cannot take."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.photo_sets import find_samples


@pytest.fixture
def data(tmp_path):
    for set_name, names in (("cats", "abcdef"), ("dogs", "xy")):
        for folder in ("images", "alpha"):
            (tmp_path / set_name / folder).mkdir(parents=True)
        for name in names:
            Image.new("RGB", (4, 3)).save(tmp_path / set_name / "images" / f"{name}.jpg")
            Image.new("L", (4, 3), 255).save(tmp_path / set_name / "alpha" / f"{name}.png")
    return tmp_path


def test_samples_come_by_set_and_name_with_their_reference_in_0_to_1(data):
    samples = find_samples(data)

    assert [(sample.set_name, sample.name) for sample in samples][-3:] == [("cats", "f"), ("dogs", "x"), ("dogs", "y")]
    assert np.array_equal(samples[0].reference_matte(), np.ones((3, 4)))


def test_a_limit_spreads_over_each_set(data):
    assert [sample.name for sample in find_samples(data, sets=["cats"], limit=3)] == ["a", "c", "e"]


def test_unknown_sets_and_missing_folders_and_photos_are_named(data):
    with pytest.raises(SystemExit, match="no set birds; it has cats, dogs"):
        find_samples(data, sets=["birds"])
    with pytest.raises(SystemExit, match="is no folder"):
        find_samples(data / "nowhere")
    (data / "dogs" / "images" / "x.jpg").unlink()
    with pytest.raises(SystemExit, match=r"x\.png has no photo"):
        find_samples(data)
