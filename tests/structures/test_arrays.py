import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.structures.arrays import check_shape, distinct_values, frozen


def test_frozen_view_is_read_only_but_the_array_is_not():
    array = np.zeros(3)
    view = frozen(array)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    array[0] = 2
    assert view[0] == 2


def test_none_accepts_any_length():
    check_shape("x", np.zeros((3, 4)), None, 4)


@pytest.mark.parametrize("expected", [(3,), (3, 4, 1), (3, 5), (None, 5)])
def test_wrong_shape_raises_an_error(expected):
    with pytest.raises(ShapeError, match=r"x must have shape .*, not \(3, 4\)"):
        check_shape("x", np.zeros((3, 4)), *expected)


@given(
    hnp.arrays(
        np.uint16, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(0, 3)
    )
)
def test_distinct_values_are_those_of_all_pixels(image):
    assert distinct_values(image) == sorted(set(image.ravel().tolist()))
