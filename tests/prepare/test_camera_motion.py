import numpy as np
import pytest

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.prepare.camera_motion import camera_residual

HEIGHT, WIDTH = 120, 160
SHAPE = (2 * HEIGHT, 2 * WIDTH)


def camera_flow(matrix):
    """Flow (rows, columns) of a homography, on a grid of half the resolution."""
    y, x = np.mgrid[: SHAPE[0] : 2, : SHAPE[1] : 2].astype(float)
    moved = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.asarray(matrix, float).T
    moved = moved[..., :2] / moved[..., 2:]
    flow = moved - np.stack([x, y], axis=-1)
    return flow[..., ::-1].astype(np.float16)


PAN = [[1, 0, 7], [0, 1, -3], [0, 0, 1]]
ZOOM_AND_TILT = [[1.03, 0.02, -4], [-0.02, 1.03, 2], [4e-5, -2e-5, 1]]


@pytest.mark.parametrize("matrix", [PAN, ZOOM_AND_TILT])
def test_camera_motion_leaves_no_residual(matrix):
    residual = camera_residual(camera_flow(matrix), SHAPE)
    assert residual.shape == (HEIGHT, WIDTH)
    assert residual.dtype == np.float32
    assert residual.max() < 0.2


@pytest.mark.parametrize("matrix", [PAN, ZOOM_AND_TILT])
def test_a_moving_object_keeps_its_own_motion(matrix):
    flow = camera_flow(matrix)
    flow[40:80, 50:100] += np.array([3, -4], np.float16)
    residual = camera_residual(flow, SHAPE)
    np.testing.assert_allclose(residual[45:75, 55:95], 5, atol=0.3)
    residual[40:80, 50:100] = 0
    assert residual.max() < 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (2, 2), (8, 8)])
def test_the_median_translation_replaces_a_homography_that_cannot_be_fitted(shape):
    flow = np.full((*shape, 2), 6, np.float16)
    full = tuple(2 * n for n in shape)
    np.testing.assert_allclose(camera_residual(flow, full), 0, atol=0.05)


def test_the_result_is_deterministic():
    flow = np.random.default_rng(0).normal(0, 4, (HEIGHT, WIDTH, 2)).astype(np.float16)
    first = camera_residual(flow, SHAPE)
    np.testing.assert_array_equal(first, camera_residual(flow, SHAPE))


def test_flow_has_two_components():
    with pytest.raises(ShapeError, match="flow"):
        camera_residual(np.zeros((4, 4, 3), np.float16), (8, 8))
