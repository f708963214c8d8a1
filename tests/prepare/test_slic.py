import numpy as np

from napari_gnn_vos.prepare.slic import motion_borders, slic_superpixels
from tests.scenes import texture


def half_moving(width=64):
    motion = np.zeros((48, width, 2), np.float32)
    motion[:, width // 2 :] = (0, 5)
    return motion


def test_a_border_of_motion_is_found_where_it_is():
    rows, cols = np.nonzero(motion_borders(half_moving()))
    assert len(rows) >= 40
    assert (np.abs(cols - 31.5) < 3).all()


def test_no_border_in_steady_motion():
    assert not motion_borders(np.full((48, 64, 2), 3, np.float32)).any()


def test_superpixels_are_finer_around_borders_of_motion():
    picture = texture((96, 192), contrast=5)
    motion = np.zeros((96, 192, 2), np.float32)
    motion[:, 96:] = (0, 5)
    labels = slic_superpixels(picture, [motion], 120)
    size = np.bincount(labels.ravel())[labels]
    assert size[:, 86:106].mean() < 0.8 * size[:, :60].mean()
