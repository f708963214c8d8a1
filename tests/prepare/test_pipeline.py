from itertools import pairwise

import numpy as np
import pytest

from napari_gnn_vos.config import PrepareSettings, SuperpixelSettings
from napari_gnn_vos.io.graph_store import MemoryStore
from napari_gnn_vos.prepare.describe import describe_frame, describe_pair
from napari_gnn_vos.prepare.flow import dis_flow, flow_between
from napari_gnn_vos.prepare.pipeline import BATCH, Callables, prepare
from napari_gnn_vos.progress import drain
from napari_gnn_vos.vision import cv2
from tests.scenes import moving_square

SETTINGS = PrepareSettings(superpixels=SuperpixelSettings(method="watershed"))


def embed(picture):
    return [cv2.resize(picture, (8, 6)).astype(np.float32) / 255]


class Counting:
    """Flow, and how often it was asked for."""

    def __init__(self):
        self.asked = 0

    def __call__(self, before, after):
        self.asked += 1
        return dis_flow(before, after)


class Stopping(MemoryStore):
    """A sink that breaks at a frame."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def put(self, t, frame, pair):
        if t == self.at:
            raise OSError("disk full")
        super().put(t, frame, pair)


def assert_same(one, other, count):
    for t in range(count):
        a, b = one.frame(t), other.frame(t)
        for name in ("labels", "nodes", "appearance", "touching", "links"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for t in range(count - 1):
        a, b = one.pair(t), other.pair(t)
        for name in ("moving", "links"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        np.testing.assert_array_equal(a.flow.forward, b.flow.forward)
        np.testing.assert_array_equal(a.flow.backward, b.flow.backward)


def frame_by_frame(video, settings=SETTINGS):
    """The same without batches or threads."""
    store, count = MemoryStore(), video.shape[0]
    pictures = [video.rgb(t) for t in range(count)]
    flows = [None, *(flow_between(a, b) for a, b in pairwise(pictures)), None]
    described = [
        describe_frame(pictures[t], flows[t], flows[t + 1], settings, embed)
        for t in range(count)
    ]
    share = settings.edges.least_share
    for t in range(count):
        pair = None
        if t + 1 < count:
            pair = describe_pair(described[t], described[t + 1], flows[t + 1], share)
        store.put(t, described[t][0], pair)
    return store


@pytest.mark.parametrize("count", [2, 3, BATCH, BATCH + 1, 2 * BATCH + 3])
def test_the_same_as_frame_by_frame(count):
    video, _ = moving_square(count)
    store = MemoryStore()
    drain(prepare(video, SETTINGS, Callables(dis_flow, embed), store))
    assert_same(store, frame_by_frame(video), count)
    assert not store.ready(count)


def test_two_frames_merged():
    video, _ = moving_square(2)
    settings = PrepareSettings(superpixels=SuperpixelSettings(per_frame=30))
    store = MemoryStore()
    drain(prepare(video, settings, Callables(dis_flow, embed), store))
    assert store.frame(0).n == store.frame(1).n == 30
    assert store.pair(0).moving.shape[1] > 30
    assert_same(store, frame_by_frame(video, settings), 2)


def test_work_that_was_stopped_goes_on_where_it_stopped():
    count = 2 * BATCH + 2
    video, _ = moving_square(count)
    broken = Stopping(at=BATCH + 3)
    with pytest.raises(OSError, match="disk full"):
        drain(prepare(video, SETTINGS, Callables(dis_flow, embed), broken))
    assert [broken.ready(t) for t in (BATCH + 2, BATCH + 3)] == [True, False]
    broken.at = None
    flow = Counting()
    drain(prepare(video, SETTINGS, Callables(flow, embed), broken))
    assert flow.asked == 2 * (count - BATCH - 3)  # from the frame before it on
    assert_same(broken, frame_by_frame(video), count)


def test_nothing_is_done_twice():
    video, _ = moving_square(BATCH + 1)
    store, flow = MemoryStore(), Counting()
    for _ in range(2):
        drain(prepare(video, SETTINGS, Callables(flow, embed), store))
    assert flow.asked == 2 * BATCH


def test_progress_only_rises():
    video, _ = moving_square(BATCH + 3)
    steps = []
    work = prepare(video, SETTINGS, Callables(dis_flow, embed), MemoryStore())
    drain(work, lambda step: steps.append(step.done))
    assert steps == sorted(steps)
    assert steps[-1] == BATCH + 3
    assert len(steps) > BATCH


def test_closing_it_gives_the_threads_back():
    video, _ = moving_square(4)
    before = cv2.getNumThreads()
    work = prepare(video, SETTINGS, Callables(dis_flow, embed), MemoryStore())
    next(work)
    work.close()
    assert cv2.getNumThreads() == before
