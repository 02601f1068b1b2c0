import numpy as np
import pytest

from processing.matting.orientation import turn_upright

# The letter that EXIF examples use would be F; here it is  1 2 3 / 4 5 6  as seen.
UPRIGHT = [[1, 2, 3], [4, 5, 6]]
STORED = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[3, 6], [2, 5], [1, 4]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_is_turned_upright(orientation: int) -> None:
    stored = np.array(STORED[orientation], np.uint8)

    assert turn_upright(stored, orientation).tolist() == UPRIGHT
    assert turn_upright(np.dstack([stored] * 3), orientation)[..., 1].tolist() == UPRIGHT
