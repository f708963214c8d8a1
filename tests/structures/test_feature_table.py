import numpy as np
import pytest

from napari_gnn_vos.errors import CheckpointError, ShapeError
from napari_gnn_vos.structures.feature_table import FeatureTable


def test_number_of_names_must_equal_number_of_columns():
    with pytest.raises(ShapeError):
        FeatureTable(np.zeros((5, 3), np.float32), ("a", "b"))


def test_column_values_are_read_only():
    columns = FeatureTable(np.zeros((5, 1), np.float32), ("a",))
    with pytest.raises(ValueError, match="read-only"):
        columns.values[0] = 1


COLUMNS = FeatureTable(np.arange(6, dtype=np.float32).reshape(3, 2), ("a", "b"))


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a"), ("a",), ("b",)])
def test_columns_are_selected_by_name(names):
    selected = COLUMNS.select(names)
    assert selected.shape == (3, len(names))
    for k, name in enumerate(names):
        np.testing.assert_array_equal(
            selected[:, k], COLUMNS.values[:, "ab".index(name)]
        )


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "a")])
def test_missing_columns_are_named_in_the_error(names):
    with pytest.raises(CheckpointError, match=r"not there: \['c'\]"):
        COLUMNS.select(names)
