import numpy as np

from napari_gnn_vos.prepare.slic import motion_boundaries, slic_superpixels
from tests.scenes import texture


def half_moving(width=64):
    motion = np.zeros((48, width, 2), np.float32)
    motion[:, width // 2 :] = (0, 5)
    return motion


def test_motion_boundary_is_detected():
    rows, cols = np.nonzero(motion_boundaries(half_moving()))
    assert len(rows) >= 40
    assert (np.abs(cols - 31.5) < 3).all()


def test_constant_motion_has_no_boundary():
    assert not motion_boundaries(np.full((48, 64, 2), 3, np.float32)).any()


def test_superpixels_are_smaller_near_motion_boundaries():
    image = texture((96, 192), contrast=5)
    motion = np.zeros((96, 192, 2), np.float32)
    motion[:, 96:] = (0, 5)
    labels = slic_superpixels(image, [motion], 120)
    size = np.bincount(labels.ravel())[labels]
    assert size[:, 86:106].mean() < 0.8 * size[:, :60].mean()
