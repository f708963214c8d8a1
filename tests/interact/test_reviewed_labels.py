import numpy as np

from napari_gnn_vos.interact.reviewed_labels import LEAST_FRAMES, reviewed_labels
from tests.interact.node_labels import known_labels


def test_certain_labels_of_corrected_frames_are_returned():
    node_labels = known_labels(8, [(2, 0)], [(3, 5)])
    previous = {
        1: np.float32([0.9, 0.1, 0.9, 0.85, 0.5, 0.0, 0.3, 0.9]),
        4: np.float32([0.1, 0.05, 0.1, 0.1, 0.5, 0.9, 0.3, 0.0]),
    }
    offsets = np.array([0, 1, 4, 6, 7, 8])
    labels = reviewed_labels(node_labels, previous, offsets, {1, 2, 3})
    assert labels.tolist() == [-1, 0, -1, 1, -1, 4, -1, -1]
    assert labels.dtype == np.int16


def test_labels_of_few_frames_are_not_used():
    previous = {1: np.ones(4, np.float32)}
    node_labels, offsets = known_labels(4, []), np.arange(5)
    for count in range(5):
        labels = reviewed_labels(node_labels, previous, offsets, range(count))
        used = count if count >= LEAST_FRAMES else 0
        assert (labels == 1).sum() == used
