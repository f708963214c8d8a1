from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.config import PrepareSettings, SuperpixelSettings
from napari_gnn_vos.io.graph_store import MemoryStore
from napari_gnn_vos.prepare import frame_scheduler
from napari_gnn_vos.prepare.describe import describe_frame, describe_pair
from napari_gnn_vos.prepare.flow import dis_flow, flow_between
from napari_gnn_vos.prepare.frame_scheduler import Callables, FrameScheduler
from napari_gnn_vos.prepare.pipeline import BATCH, outwards, prepare
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.video import Video
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
        for name in (
            "labels",
            "node_features",
            "appearance",
            "spatial_edges",
            "edge_features",
        ):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for t in range(count - 1):
        a, b = one.pair(t), other.pair(t)
        for name in ("causal_edges", "edge_features"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        np.testing.assert_array_equal(a.flow.forward, b.flow.forward)
        np.testing.assert_array_equal(a.flow.backward, b.flow.backward)


def frame_by_frame(video, how=SETTINGS):
    """The same without batches or threads."""
    store, count = MemoryStore(), video.shape[0]
    pictures = [video.rgb(t) for t in range(count)]
    flows = [None, *(flow_between(a, b) for a, b in pairwise(pictures)), None]
    described = [
        describe_frame(pictures[t], flows[t], flows[t + 1], how, embed)
        for t in range(count)
    ]
    share = how.edges.least_share
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
    few = PrepareSettings(superpixels=SuperpixelSettings(per_frame=30))
    store = MemoryStore()
    drain(prepare(video, few, Callables(dis_flow, embed), store))
    assert store.frame(0).n == store.frame(1).n == 30
    assert store.pair(0).causal_edges.shape[1] > 30
    assert_same(store, frame_by_frame(video, few), 2)


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


@given(count=st.integers(2, 90), data=st.data())
def test_outwards_is_every_frame_once_and_the_nearest_batches_first(count, data):
    around = data.draw(st.integers(0, count - 1))
    order = outwards(count, around)
    assert sorted(order) == list(range(count))
    assert around in order[:BATCH]
    far = [abs(t // BATCH - around // BATCH) for t in order]
    assert far == sorted(far)
    for one, other in pairwise(order):  # a film is read forwards within a batch
        assert other == one + 1 or one // BATCH != other // BATCH


@pytest.mark.parametrize("around", [0, 9, 2 * BATCH + 2])
def test_the_same_wherever_it_is_begun(around):
    count = 2 * BATCH + 3
    video, _ = moving_square(count)
    store, flow = MemoryStore(), Counting()
    drain(prepare(video, SETTINGS, Callables(flow, embed), store, around))
    assert_same(store, frame_by_frame(video), count)
    assert flow.asked == 2 * (count - 1)


def test_the_nearest_frames_are_ready_first():
    count = 2 * BATCH
    video, _ = moving_square(count)
    store = MemoryStore()
    work = prepare(video, SETTINGS, Callables(dis_flow, embed), store, count - 1)
    while next(work).done < BATCH:
        pass
    assert [t for t in range(count) if store.ready(t)] == [*range(BATCH, count)]
    work.close()


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_stopped_anywhere_and_gone_on_with_anywhere_else(data):
    count = 2 * BATCH + 3
    video, _ = moving_square(count)
    store = MemoryStore()
    for _ in range(3):
        around = data.draw(st.integers(0, count - 1))
        work = prepare(video, SETTINGS, Callables(dis_flow, embed), store, around)
        for _ in range(data.draw(st.integers(1, count // 2))):
            if next(work, None) is None:
                break
        work.close()
    drain(prepare(video, SETTINGS, Callables(dis_flow, embed), store, 0))
    assert_same(store, frame_by_frame(video), count)


@pytest.mark.parametrize("around", [0, BATCH, 2 * BATCH + 2])
def test_no_frame_is_described_twice_and_few_are_kept(around, monkeypatch):
    count = 2 * BATCH + 3
    video, _ = moving_square(count)
    seen = []

    def counting(picture):
        seen.append(picture)
        return embed(picture)

    kept = []
    forget = FrameScheduler._forget

    def watched(self, t):
        forget(self, t)
        kept.append(max(map(len, (self._pictures, self._flows, self._described))))

    monkeypatch.setattr(frame_scheduler, "cores", lambda: 2)
    monkeypatch.setattr(FrameScheduler, "_forget", watched)
    nets = Callables(dis_flow, counting)
    drain(prepare(video, SETTINGS, nets, MemoryStore(), around))
    assert len(seen) == count
    assert max(kept) <= 14  # six ahead, and three or four at either end of what is done
    assert kept[-1] == 0


@pytest.mark.parametrize("denoise", [True, False])
def test_noisy_frames_are_seen_without_their_noise_if_wanted(denoise):
    frames = moving_square(3)[0].frames
    noise = np.random.default_rng(0).normal(0, 25, frames.shape)
    video = Video.from_array(np.clip(frames + noise, 0, 255).astype(np.uint8))
    seen = []

    def look(picture):
        seen.append(picture)
        return embed(picture)

    settings = SETTINGS.model_copy(update={"denoise": denoise})
    drain(prepare(video, settings, Callables(dis_flow, look), MemoryStore()))
    wanted = [video.rgb(t, denoise=denoise) for t in range(3)]
    for picture in wanted:
        assert any(np.array_equal(picture, one) for one in seen)
    assert np.array_equal(wanted[0], video.rgb(0)) is not denoise
