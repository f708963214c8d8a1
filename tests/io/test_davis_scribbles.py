import json

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, ScribbleError
from napari_gnn_vos.io.davis_scribbles import (
    read_davis_scribbles,
    scribbles_from_davis,
    write_davis_scribbles,
)
from napari_gnn_vos.structures.scribbles import Scribble

SHAPE = (3, 10, 20)


def stroke(path, label=1, **more):
    return {"path": path, "object_id": label, **more}


def davis_json(*frames):
    return {"sequence": "bear", "scribbles": [list(strokes) for strokes in frames]}


def test_coordinates_are_converted_to_pixels():
    first = stroke([[0, 0], [1, 1], [0.5, 0.1]], 2, start_time=3.5, end_time=4)
    second, third = stroke([[0.25, 0.5]], 0), stroke([[0.05, 1]], 1)
    out = scribbles_from_davis(davis_json([], [first, second], [third]), SHAPE)
    assert [(scribble.frame, scribble.label) for scribble in out] == [
        (1, 2),
        (1, 0),
        (2, 1),
    ]
    np.testing.assert_allclose(out[0].path, [[0, 0], [9, 19], [1, 10]])
    np.testing.assert_allclose(out[1].path, [[5, 5]])
    np.testing.assert_allclose(out[2].path, [[9, 1]])
    assert all(scribble.connected for scribble in out)


def test_points_outside_the_frame_are_kept():
    (scribble,) = scribbles_from_davis(
        davis_json([stroke([[0.5, 2], [-1, 1]])], [], []), SHAPE
    )
    np.testing.assert_allclose(scribble.path, [[20, 10], [9, -20]])


def test_file_without_strokes_gives_no_scribbles():
    assert scribbles_from_davis(davis_json([], [], []), SHAPE) == ()


def test_file_gives_the_same_scribbles(tmp_path):
    content = davis_json([stroke([[0.5, 0.5], [0.6, 0.7]])], [], [])
    file = tmp_path / "001.json"
    file.write_text(json.dumps(content))
    (scribble,) = read_davis_scribbles(file, SHAPE)
    (expected,) = scribbles_from_davis(content, SHAPE)
    assert (scribble.frame, scribble.label) == (0, 1)
    np.testing.assert_array_equal(scribble.path, expected.path)


def test_scribbles_of_a_longer_video_are_refused():
    with pytest.raises(ReadError, match="video of 3 frames; the file has 4 frames"):
        scribbles_from_davis(davis_json([], [], [], [stroke([[0, 0]])]), SHAPE)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([], id="a-list"),
        pytest.param(None, id="none"),
        pytest.param({"strokes": []}, id="another-key"),
        pytest.param({"scribbles": 5}, id="a-number"),
        pytest.param(davis_json([], [], [{"path": [[0, 0]]}]), id="no-object"),
        pytest.param(davis_json([], [], [stroke([])]), id="no-point"),
        pytest.param(davis_json([], [], [stroke([0.5, 0.5])]), id="no-pairs"),
        pytest.param(davis_json([], [], [stroke([[0, 0, 0]])]), id="triples"),
        pytest.param(davis_json([], [], [stroke([[float("nan"), 0]])]), id="nan"),
        pytest.param(davis_json([], [], [stroke([[0, 0]], 32_768)]), id="large-label"),
        pytest.param(davis_json([], [], ["stroke"]), id="a-word"),
    ],
)
def test_invalid_content_is_refused(content):
    with pytest.raises(ReadError, match="Expected scribbles of the DAVIS interactive"):
        scribbles_from_davis(content, SHAPE)


def test_missing_or_damaged_file_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r"001\.json cannot be read"):
        read_davis_scribbles(tmp_path / "001.json", SHAPE)
    (tmp_path / "002.json").write_text("{")
    with pytest.raises(ReadError, match=r"002\.json differs"):
        read_davis_scribbles(tmp_path / "002.json", SHAPE)


def test_written_scribbles_are_read_again(tmp_path):
    lines = [
        Scribble(0, 1, [[0, 0], [9, 19], [4.5, 3.25]]),
        Scribble(2, 254, [[3, 4]]),
        Scribble(2, 0, [[1, 1], [8, 2]]),
        Scribble(2, -1, [[5, 5], [5, 9]]),
    ]
    path = tmp_path / "001.json"
    write_davis_scribbles(path, lines, SHAPE, "bear")
    content = json.loads(path.read_text())
    assert (content["sequence"], len(content["scribbles"])) == ("bear", 3)
    for read, line in zip(read_davis_scribbles(path, SHAPE), lines, strict=True):
        assert (read.frame, read.label) == (line.frame, line.label)
        np.testing.assert_allclose(read.path, line.path)


def test_brush_pixels_are_written_as_lines_of_their_rows(tmp_path):
    pixels = [[2, 5], [2, 3], [2, 4], [3, 4], [3, 7], [3, 8]]
    brush = Scribble(1, 3, pixels, connected=False)
    write_davis_scribbles(tmp_path / "001.json", [brush], SHAPE)
    read = read_davis_scribbles(tmp_path / "001.json", SHAPE)
    rows = [np.rint(line.path).astype(int).tolist() for line in read]
    assert rows == [[[2, 3], [2, 5]], [[3, 4]], [[3, 7], [3, 8]]]


def test_scribbles_of_longer_videos_are_not_written(tmp_path):
    with pytest.raises(ScribbleError, match="frames 0 to 2; one is on frame 3"):
        write_davis_scribbles(tmp_path / "1.json", [Scribble(3, 1, [[1, 1]])], SHAPE)
    assert not list(tmp_path.iterdir())
