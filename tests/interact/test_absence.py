import numpy as np

from napari_gnn_vos.interact.absence import mark_absent, zero_absent_objects
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES, column


def test_absent_object_is_marked_as_drawn_with_another_label():
    inputs = np.zeros((2, len(NODE_INPUT_NAMES)), np.float32)
    inputs[0, NODE_INPUT_NAMES.index("drawn_target")] = 1
    marked = mark_absent(inputs)
    assert column(marked, "drawn_rest").tolist() == [0, 1]
    assert column(marked, "drawn_target").tolist() == [1, 0]
    assert column(marked, "frame_annotated").tolist() == [1, 1]
    assert not column(inputs, "frame_annotated").any()


def test_absent_object_has_probability_zero():
    probabilities = np.array([[0.5, 0.25], [0.75, 1.0]], np.float32)
    expected = [[0, 0], [0.75, 1.0]]
    assert zero_absent_objects(probabilities, (3, 8), {3}).tolist() == expected
