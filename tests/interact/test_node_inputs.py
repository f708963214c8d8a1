import numpy as np

from napari_gnn_vos.interact.node_inputs import node_inputs
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES


def test_by_hand():
    node_labels = SuperpixelLabels(
        np.array([1, 0, -1, -1, -1, -1], np.int16),
        np.array([-1, -1, 2, 1, 0, -1], np.int16),
        np.array([-1, -1, -1, -1, -1, 0], np.int16),
    )
    probabilities = {
        "label_model": np.linspace(0, 1, 6, dtype=np.float32),
        "harmonic": np.full(6, 0.25, np.float32),
        "previous": np.full(6, 0.5, np.float32),
    }
    frames = []
    for rows in (slice(3), slice(3, None)):  # two frames, of which one is drawn on
        here = {name: chance[rows] for name, chance in probabilities.items()}
        frames.append(node_inputs(node_labels.take(rows), 1, here))
    inputs = np.concatenate(frames)
    assert inputs.dtype == np.float32
    wanted = {
        "drawn_target": [1, 0, 0, 0, 0, 0],
        "drawn_rest": [0, 1, 0, 0, 0, 0],
        "propagated_target": [0, 0, 0, 1, 0, 0],
        "propagated_rest": [0, 0, 1, 0, 1, 0],
        "label_model": [-1, -0.6, -0.2, 0.2, 0.6, 1],
        "harmonic": [-0.5] * 6,
        "previous": [0] * 6,
        "frame_annotated": [1, 1, 1, 0, 0, 0],
    }
    assert tuple(wanted) == NODE_INPUT_NAMES
    for column, name in zip(inputs.T, NODE_INPUT_NAMES, strict=True):
        np.testing.assert_allclose(column, wanted[name], atol=1e-6, err_msg=name)
