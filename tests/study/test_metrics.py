import numpy as np

from napari_gnn_vos.study.metrics import jaccard, objects_of


def test_by_hand():
    labels = np.array([[[1, 1, 0, 2]], [[0, 0, 0, 0]], [[2, 2, 2, 2]]], np.uint8)
    truth = np.array([[[0, 1, 1, 2]], [[1, 0, 0, 0]], [[2, 2, 0, 0]]], np.uint8)
    j = jaccard(labels, truth, [1, 2])
    np.testing.assert_allclose(j, [[1 / 3, 1], [0, 1], [1, 0.5]])


def test_objects_rise_and_leave_gaps():
    assert objects_of(np.array([[[0, 7, 2]]], np.uint8)) == (2, 7)
    assert objects_of(np.zeros((1, 2, 2), np.uint8)) == ()
