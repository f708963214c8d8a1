import numpy as np

from napari_gnn_vos.interact.marks import Marks
from napari_gnn_vos.interact.node_inputs import node_inputs
from napari_gnn_vos.structures.input_names import INPUT_NAMES


def test_by_hand():
    marks = Marks(
        np.array([1, 0, -1, -1, -1, -1], np.int16),
        np.array([-1, -1, 2, 1, 0, -1], np.int16),
        np.array([-1, -1, -1, -1, -1, 0], np.int16),
    )
    chances = {
        "label_model": np.linspace(0, 1, 6, dtype=np.float32),
        "harmonic": np.full(6, 0.25, np.float32),
        "previous": np.full(6, 0.5, np.float32),
    }
    frames = []
    for rows in (slice(3), slice(3, None)):  # two frames, of which one is drawn on
        here = {name: chance[rows] for name, chance in chances.items()}
        frames.append(node_inputs(marks.take(rows), 1, here))
    inputs = np.concatenate(frames)
    assert inputs.dtype == np.float32
    wanted = {
        "drawn_it": [1, 0, 0, 0, 0, 0],
        "drawn_other": [0, 1, 0, 0, 0, 0],
        "spread_it": [0, 0, 0, 1, 0, 0],
        "spread_other": [0, 0, 1, 0, 1, 0],
        "label_model": [-1, -0.6, -0.2, 0.2, 0.6, 1],
        "harmonic": [-0.5] * 6,
        "previous": [0] * 6,
        "frame_drawn": [1, 1, 1, 0, 0, 0],
    }
    assert tuple(wanted) == INPUT_NAMES
    for column, name in zip(inputs.T, INPUT_NAMES, strict=True):
        np.testing.assert_allclose(column, wanted[name], atol=1e-6, err_msg=name)
