import numpy as np
import pytest

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.structures.arrays import check_shape, frozen


def test_a_frozen_view_cannot_be_written_but_the_array_can():
    array = np.zeros(3)
    view = frozen(array)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    array[0] = 2
    assert view[0] == 2


def test_none_fits_any_length():
    check_shape("x", np.zeros((3, 4)), None, 4)


@pytest.mark.parametrize("wanted", [(3,), (3, 4, 1), (3, 5), (None, 5)])
def test_a_wrong_shape_is_told(wanted):
    with pytest.raises(ShapeError, match=r"x must have shape .*, not \(3, 4\)"):
        check_shape("x", np.zeros((3, 4)), *wanted)
