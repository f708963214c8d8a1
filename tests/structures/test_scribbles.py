import numpy as np
import pytest

from napari_gnn_vos.errors import ScribbleError, ShapeError
from napari_gnn_vos.structures.scribbles import Scribble


def test_list_of_pairs_is_accepted():
    scribble = Scribble(0, 1, [(1, 2), (3, 4)])
    assert scribble.path.dtype == np.float64
    assert scribble.path.tolist() == [[1, 2], [3, 4]]
    assert not scribble.path.flags.writeable


@pytest.mark.parametrize("label", [-2, 32_768, 70_000])
def test_label_out_of_range_raises_an_error(label):
    with pytest.raises(ScribbleError, match=f"got {label}"):
        Scribble(0, label, [(1, 2)])


@pytest.mark.parametrize("label", [-1, 0, 254])
def test_label_in_range_is_accepted(label):
    assert Scribble(0, label, [(1, 2)]).label == label


@pytest.mark.parametrize("path", [np.zeros((0, 2)), [(1, np.nan)], [(np.inf, 0)]])
def test_empty_or_infinite_path_raises_an_error(path):
    with pytest.raises(ScribbleError, match="finite"):
        Scribble(3, 1, path)


def test_path_of_triples_raises_an_error():
    with pytest.raises(ShapeError):
        Scribble(0, 1, [(1, 2, 3)])


@pytest.mark.parametrize(
    "number", [2, 2.0, np.float32(2), np.int64(2), np.uint8(2), np.array(2)]
)
def test_whole_numbers_are_converted(number):
    scribble = Scribble(number, number, [(1, 2)])
    assert [type(scribble.frame), type(scribble.label)] == [int, int]
    assert (scribble.frame, scribble.label) == (2, 2)


@pytest.mark.parametrize("number", [1.5, float("nan"), "1", None, [1]])
def test_frame_and_label_are_integers(number):
    with pytest.raises(ScribbleError, match="frame of a stroke is an integer"):
        Scribble(number, 1, [(1, 2)])
    with pytest.raises(ScribbleError, match="label of a stroke is an integer"):
        Scribble(0, number, [(1, 2)])


@pytest.mark.parametrize(
    "path", ["abc", [("a", "b")], [(1, 2), (3,)], [(1 + 2j, 3)], [({}, 3)]]
)
def test_path_without_numbers_raises_an_error(path):
    with pytest.raises(ScribbleError, match="in numbers"):
        Scribble(0, 1, path)
