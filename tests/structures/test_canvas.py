import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_gnn_vos.structures.canvas import (
    compact,
    label_of,
    labels_of,
    overlaid,
    value_of,
    values_of,
)
from napari_gnn_vos.structures.scribbles import MAX_LABEL

LABELS = st.sampled_from([0, 1, 254, 255, 256, 300, MAX_LABEL])


def test_values_of_strokes_are_unique_and_never_unpainted():
    labels = range(MAX_LABEL + 1)
    values = [value_of(label) for label in labels]
    assert len({*values}) == len(values)
    assert 0 not in values
    assert [label_of(value) for value in values] == list(labels)


def test_values_of_8_bits_are_those_of_earlier_versions():
    assert [value_of(label) for label in (0, 1, 254)] == [255, 1, 254]
    assert values_of(np.array([[0, 1, 254]])).dtype == np.uint8


@given(arrays(np.uint16, (2, 3), elements=LABELS))
def test_arrays_convert_as_scalars(labels):
    values = values_of(labels)
    assert values.ravel().tolist() == [value_of(x) for x in labels.ravel().tolist()]
    assert values.dtype == (np.uint8 if labels.max() < 255 else np.uint16)
    np.testing.assert_array_equal(labels_of(values), labels)


def test_unpainted_pixels_have_the_label_of_background():
    assert labels_of(np.array([0, 255, 7], np.uint8)).tolist() == [0, 0, 7]


def test_overlaid_canvases_keep_values_of_both_types():
    below, above = np.array([[1, 2]], np.uint8), np.array([[0, 300]], np.uint16)
    assert overlaid(below, above).tolist() == [[1, 300]]
    assert overlaid(above, below).tolist() == [[1, 2]]
    assert compact(overlaid(above, below)).dtype == np.uint8
