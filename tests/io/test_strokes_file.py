import json

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io import json_file
from napari_gnn_vos.io.strokes_file import read_strokes, write_strokes
from napari_gnn_vos.structures.scribbles import Scribble

STROKE = {"frame": 2, "label": 1, "path": [[25, 12.5], [35, 28]]}


def test_strokes_survive_a_round_trip(tmp_path):
    scribbles = [
        Scribble(0, 0, np.array([[1.5, 2.0]])),
        Scribble(3, 254, np.array([[1, 2], [3, 4]]), connected=False),
        Scribble(3, -1, np.array([[-5.0, 700.0]])),
    ]
    write_strokes(tmp_path / "a.json", scribbles)
    read = read_strokes(tmp_path / "a.json")
    for expected, scribble in zip(scribbles, read, strict=True):
        assert (scribble.frame, scribble.label) == (expected.frame, expected.label)
        assert scribble.connected == expected.connected
        np.testing.assert_array_equal(scribble.path, expected.path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings_are_read(tmp_path, encoding):
    (tmp_path / "a.json").write_bytes(json.dumps([STROKE]).encode(encoding))
    (scribble,) = read_strokes(tmp_path / "a.json")
    assert (scribble.frame, scribble.label, scribble.connected) == (2, 1, True)


def changed(**values):
    return json.dumps([STROKE | values])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("5", id="number"),
        pytest.param("[null]", id="null"),
        pytest.param(json.dumps({"strokes": [STROKE]}), id="object"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param(changed(frame=-1), id="negative frame"),
        pytest.param(changed(frame=10**30), id="huge frame"),
        pytest.param(changed(frame=0.5), id="fractional frame"),
        pytest.param(changed(frame=float("nan")), id="NaN"),
        pytest.param('[{"frame": 1e999, "label": 1, "path": [[1, 2]]}]', id="1e999"),
        pytest.param(changed(label=32_768), id="label 32768"),
        pytest.param(changed(label=float("inf")), id="Infinity"),
        pytest.param(changed(path=[]), id="no points"),
        pytest.param(changed(path=[1, 2]), id="no pairs"),
        pytest.param(changed(path=[[1, 2, 3]]), id="triples"),
        pytest.param(changed(path=[[1e300, 2]]), id="coordinate out of range"),
        pytest.param(changed(path=[[int("1" + "0" * 400), 2]]), id="400 digits"),
        pytest.param(changed(connected="maybe"), id="connected"),
    ],
)
def test_invalid_files_are_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ReadError, match=r"JSON list of strokes.*a\.json"):
        read_strokes(tmp_path / "a.json")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\x80\xff" * 9)
    with pytest.raises(ReadError, match="cannot be read"):
        read_strokes(tmp_path / "a.json")


def test_files_above_the_size_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, "MAX_BYTES", 10)
    (tmp_path / "a.json").write_text(changed())
    with pytest.raises(ReadError, match="larger than the limit of 10 bytes"):
        read_strokes(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["no-folder/a.json", ".", "x" * 300 + ".json"])
def test_unwritable_paths_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReadError, match="cannot be written"):
        write_strokes(name, [])


def test_numbers_of_numpy_are_written(tmp_path):
    path = str(tmp_path / "a.json")
    write_strokes(path, (Scribble(np.int64(2), np.uint8(3), [[1, 2]]) for _ in "a"))
    (stroke,) = read_strokes(path)
    assert (stroke.frame, stroke.label, stroke.path.tolist()) == (2, 3, [[1, 2]])
