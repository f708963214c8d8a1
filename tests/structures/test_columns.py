import numpy as np
import pytest

from napari_gnn_vos.errors import CheckpointError, ShapeError
from napari_gnn_vos.structures.columns import Columns


def test_a_name_for_every_column():
    with pytest.raises(ShapeError):
        Columns(np.zeros((5, 3), np.float32), ("a", "b"))


def test_values_are_read_only():
    columns = Columns(np.zeros((5, 1), np.float32), ("a",))
    with pytest.raises(ValueError, match="read-only"):
        columns.values[0] = 1


def test_the_same_names_pass():
    Columns(np.zeros((5, 2), np.float32), ("a", "b")).require(("a", "b"))


@pytest.mark.parametrize("names", [("b", "a"), ("a",), ("a", "b", "c"), ("a", "c")])
def test_other_names_do_not(names):
    columns = Columns(np.zeros((5, 2), np.float32), ("a", "b"))
    with pytest.raises(CheckpointError, match="other features"):
        columns.require(names)


def test_what_is_missing_is_named():
    columns = Columns(np.zeros((5, 2), np.float32), ("a", "b"))
    with pytest.raises(CheckpointError, match=r"missing \['c'\], unknown \['b'\]"):
        columns.require(("a", "c"))
