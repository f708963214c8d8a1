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


def test_join_keeps_the_order():
    joined = Seeds.join(seeds(3, 4), Seeds.none(), seeds(1, label=2))
    assert joined.frame.tolist() == [3, 4, 1]
    assert joined.label.tolist() == [1, 1, 2]
    assert joined.row.dtype == np.float32
    assert len(joined) == 3


def test_take_by_mask_and_by_number():
    some = seeds(5, 6, 7)
    assert some.take(some.frame > 5).col.tolist() == [11, 12]
    assert some.take(np.array([2, 0])).frame.tolist() == [7, 5]


def test_numbered_counts_on():
    some = seeds(5, 6, 7).numbered(40)
    assert some.origin.tolist() == [40, 41, 42]
    assert some.frame.tolist() == [5, 6, 7]


def test_nothing():
    assert len(Seeds.none()) == len(PaintedPixels.none()) == 0


def test_columns_of_different_length():
    with pytest.raises(ShapeError):
        PaintedPixels(
            *(np.zeros(n, np.int32) for n in (2, 2, 2)), np.zeros(3, np.uint8)
        )


def test_columns_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        seeds(1).row[0] = 3
