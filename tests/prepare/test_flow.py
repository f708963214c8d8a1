import subprocess
import sys

import numpy as np
import pytest

from napari_gnn_vos.prepare.flow import (
    dis_flow,
    flow_between,
    full_size,
    occluded_cells,
)
from tests.scenes import texture


@pytest.mark.parametrize("step", [(3, 0), (0, 3), (2, -4)])
def test_sign_and_order_of_displacements(step):
    before = texture((64, 80), contrast=50)
    after = np.roll(before, step, axis=(0, 1))
    motion = dis_flow(before, after)
    assert motion.shape == (64, 80, 2)
    np.testing.assert_allclose(np.median(motion, axis=(0, 1)), step, atol=0.2)


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
def test_each_quality_estimates_a_constant_motion(quality):
    before = texture((64, 80), contrast=50)
    motion = dis_flow(before, np.roll(before, (2, -3), axis=(0, 1)), quality)
    assert motion.shape == (64, 80, 2)
    np.testing.assert_allclose(np.median(motion, axis=(0, 1)), (2, -3), atol=0.3)


def test_result_is_independent_of_previous_calls():
    before, after = texture((64, 80), 1), texture((64, 80), 2)
    first = dis_flow(before, after)
    dis_flow(texture((32, 40), 3), texture((32, 40), 4))
    np.testing.assert_array_equal(dis_flow(before, after), first)


def test_flow_grid_has_units_of_full_pixels():
    before = texture((49, 65), contrast=50)
    flow = flow_between(before, np.roll(before, (2, -3), axis=(0, 1)))
    assert flow.forward.shape == flow.backward.shape == (25, 33, 2)
    assert flow.forward.dtype == np.float16
    np.testing.assert_allclose(np.median(flow.forward, (0, 1)), (2, -3), atol=0.2)
    np.testing.assert_allclose(np.median(flow.backward, (0, 1)), (-2, 3), atol=0.2)


def test_flow_grid_averages():
    def estimate(before, after):
        return np.arange(4 * 6 * 2, dtype=np.float32).reshape(4, 6, 2)

    flow = flow_between(np.zeros((4, 6, 3)), np.zeros((4, 6, 3)), estimate)
    field = estimate(None, None)
    for y in range(2):
        for x in range(3):
            block = field[2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
            np.testing.assert_allclose(flow.forward[y, x], block.mean(axis=(0, 1)))


def test_upsampling_keeps_constants_and_order():
    field = np.broadcast_to(np.float16((1.5, -2)), (5, 7, 2))
    upsampled = full_size(field, (9, 13))
    assert upsampled.shape == (9, 13, 2)
    np.testing.assert_allclose(upsampled, np.broadcast_to((1.5, -2), (9, 13, 2)))


def test_cells_without_incoming_vectors_are_occluded():
    still = np.zeros((10, 12, 2), np.float16)
    assert not occluded_cells(still).any()
    right = still.copy()
    right[..., 1] = 8  # pixels, so 4 cells; a gap of one cell is closed
    occluded = occluded_cells(right)
    assert occluded[:, :3].all()
    assert not occluded[:, 3:].any()
    down = still.copy()
    down[..., 0] = -8
    occluded = occluded_cells(down)
    assert occluded[-3:].all()
    assert not occluded[:-3].any()


def test_gaps_of_one_cell_are_closed():
    rows, cols = np.indices((10, 12), np.float16)
    # vectors point to every second column
    apart = np.stack([0 * rows, cols * 2], axis=2)
    assert not occluded_cells(apart).any()


SIZES = [(h, w) for h in (16, 17, 24, 31, 32, 64) for w in (16, 79, 80, 400, 4000)]


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
def test_flat_and_narrow_frames_do_not_crash(quality):
    """In a process of its own: OpenCV crashes natively on some sizes."""
    code = f"""
import numpy as np
from napari_gnn_vos.prepare.flow import dis_flow
rng = np.random.default_rng(0)
for size in {SIZES}:
    for shape in (size, size[::-1]):
        frames = rng.integers(0, 255, (2, *shape, 3), np.uint8)
        flow = dis_flow(*frames, quality={quality!r})
        assert flow.shape == (*shape, 2) and np.isfinite(flow).all(), shape
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
