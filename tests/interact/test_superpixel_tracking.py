import numpy as np
import pytest

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.superpixel_tracking import follow_superpixel
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video_graph import VideoGraph

FRAMES, HEIGHT, WIDTH, SIZE = 5, 32, 64, 8
COLUMNS = WIDTH // SIZE


def shifting(backward_sign=-1.0):
    """Square superpixels in the same grid on each frame; all moves right by a square.

    With another `backward_sign`, forward and backward flow contradict each other.
    """
    rows, cols = np.indices((HEIGHT, WIDTH))
    labels = (rows // SIZE * COLUMNS + cols // SIZE).astype(np.uint16)
    n, edges, none = int(labels.max()) + 1, np.zeros((2, 0), np.int32), np.zeros((0, 1))
    arrays = np.zeros((n, 1), np.float32), np.zeros((n, 1), np.float16)
    frame = FrameGraph(labels, *arrays, edges, none.astype(np.float32))
    forward = np.zeros((HEIGHT // 2, WIDTH // 2, 2), np.float16)
    forward[..., 1] = SIZE
    flow = Flow(forward, (backward_sign * forward).astype(np.float16))
    pair = FramePair(flow, edges, none.astype(np.float32))
    return VideoGraph(
        [frame] * FRAMES,
        [pair] * (FRAMES - 1),
        np.full(FRAMES, n),
        ("feature",),
        ("feature",),
        (FRAMES, HEIGHT, WIDTH),
        "shifting",
    )


def follow(graph, node, count, frame=0):
    steps = follow_superpixel(graph, frame, node, count, SeedSettings())
    return [(t, nodes.tolist()) for t, nodes in steps]


def test_superpixel_is_followed_along_flow():
    node = COLUMNS + 2
    expected = [(1, [node]), (2, [node + 1]), (3, [node + 2])]
    assert follow(shifting(), node, 2, frame=1) == expected


@pytest.mark.parametrize("count", [4, 100])
def test_following_ends_at_the_last_frame(count):
    assert [t for t, _ in follow(shifting(), COLUMNS, count)] == [0, 1, 2, 3, 4]


def test_following_ends_where_the_object_leaves_the_frame():
    last_but_one = 2 * COLUMNS - 2
    steps = follow(shifting(), last_but_one, 4)
    assert steps == [(0, [last_but_one]), (1, [last_but_one + 1])]


def test_following_ends_where_flow_is_inconsistent():
    assert follow(shifting(backward_sign=1.0), COLUMNS + 2, 4) == [(0, [COLUMNS + 2])]
