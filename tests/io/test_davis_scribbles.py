import json

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.davis_scribbles import (
    read_davis_scribbles,
    scribbles_from_davis,
)

SHAPE = (3, 10, 20)


def stroke(path, label=1, **more):
    return {"path": path, "object_id": label, **more}


def given(*frames):
    return {"sequence": "bear", "scribbles": [list(strokes) for strokes in frames]}


def test_strokes_by_hand():
    first = stroke([[0, 0], [1, 1], [0.5, 0.1]], 2, start_time=3.5, end_time=4)
    second, third = stroke([[0.25, 0.5]], 0), stroke([[0.05, 1]], 1)
    out = scribbles_from_davis(given([], [first, second], [third]), SHAPE)
    assert [(one.frame, one.label) for one in out] == [(1, 2), (1, 0), (2, 1)]
    np.testing.assert_allclose(out[0].path, [[0, 0], [9, 19], [1, 10]])
    np.testing.assert_allclose(out[1].path, [[5, 5]])
    np.testing.assert_allclose(out[2].path, [[9, 1]])
    assert all(one.connected for one in out)


def test_points_beyond_the_frame_stay_there():
    (ours,) = scribbles_from_davis(given([stroke([[0.5, 2], [-1, 1]])], [], []), SHAPE)
    np.testing.assert_allclose(ours.path, [[20, 10], [9, -20]])


def test_no_stroke_at_all():
    assert scribbles_from_davis(given([], [], []), SHAPE) == ()


def test_a_file_is_read_alike(tmp_path):
    found = given([stroke([[0.5, 0.5], [0.6, 0.7]])], [], [])
    file = tmp_path / "001.json"
    file.write_text(json.dumps(found))
    (ours,) = read_davis_scribbles(file, SHAPE)
    (wanted,) = scribbles_from_davis(found, SHAPE)
    assert (ours.frame, ours.label) == (0, 1)
    np.testing.assert_array_equal(ours.path, wanted.path)


def test_strokes_of_a_longer_video_are_refused():
    with pytest.raises(ReadError, match="video of 3 frames; these are for one of 4"):
        scribbles_from_davis(given([], [], [], [stroke([[0, 0]])]), SHAPE)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([], id="a-list"),
        pytest.param(None, id="none"),
        pytest.param({"strokes": []}, id="another-key"),
        pytest.param({"scribbles": 5}, id="a-number"),
        pytest.param(given([], [], [{"path": [[0, 0]]}]), id="no-object"),
        pytest.param(given([], [], [stroke([])]), id="no-point"),
        pytest.param(given([], [], [stroke([0.5, 0.5])]), id="no-pairs"),
        pytest.param(given([], [], [stroke([[0, 0, 0]])]), id="triples"),
        pytest.param(given([], [], [stroke([[float("nan"), 0]])]), id="nan"),
        pytest.param(given([], [], [stroke([[0, 0]], 300)]), id="label-300"),
        pytest.param(given([], [], ["stroke"]), id="a-word"),
    ],
)
def test_something_else_is_refused(found):
    with pytest.raises(ReadError, match="Expected strokes as the DAVIS interactive"):
        scribbles_from_davis(found, SHAPE)


def test_a_missing_or_broken_file_is_told(tmp_path):
    with pytest.raises(ReadError, match=r"001\.json gave"):
        read_davis_scribbles(tmp_path / "001.json", SHAPE)
    (tmp_path / "002.json").write_text("{")
    with pytest.raises(ReadError, match=r"002\.json gave"):
        read_davis_scribbles(tmp_path / "002.json", SHAPE)
