import numpy as np
import pytest

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds


def seeds(*frames, label=1):
    n = len(frames)
    return Seeds(
        np.array(frames, np.int32),
        np.arange(n, dtype=np.float32),
        np.arange(n, dtype=np.float32) + 10,
        np.full(n, label, np.uint8),
        np.arange(n, dtype=np.int32),
        np.ones(n, np.int32),
    )


def test_join_concatenates_in_order():
    joined = Seeds.concatenate(seeds(3, 4), Seeds.empty(), seeds(1, label=2))
    assert joined.frame.tolist() == [3, 4, 1]
    assert joined.label.tolist() == [1, 1, 2]
    assert joined.row.dtype == np.float32
    assert len(joined) == 3


def test_take_by_mask_and_by_index():
    points = seeds(5, 6, 7)
    assert points.take(points.frame > 5).col.tolist() == [11, 12]
    assert points.take(np.array([2, 0])).frame.tolist() == [7, 5]


def test_numbered_sets_consecutive_origins():
    points = seeds(5, 6, 7).numbered(40)
    assert points.origin.tolist() == [40, 41, 42]
    assert points.frame.tolist() == [5, 6, 7]


def test_none_is_empty():
    assert len(Seeds.empty()) == len(PaintedPixels.empty()) == 0


def test_columns_of_different_length_raise_an_error():
    with pytest.raises(ShapeError):
        PaintedPixels(
            *(np.zeros(n, np.int32) for n in (2, 2, 2)), np.zeros(3, np.uint8)
        )


def test_columns_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        seeds(1).row[0] = 3
