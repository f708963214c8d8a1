from itertools import pairwise
from threading import Event
from time import monotonic

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.config import PrepareSettings, SuperpixelSettings
from napari_gnn_vos.io.graph_store import MemoryStore
from napari_gnn_vos.prepare import frame_scheduler
from napari_gnn_vos.prepare.flow import dis_flow, flow_between
from napari_gnn_vos.prepare.frame_scheduler import FrameModels, FrameScheduler
from napari_gnn_vos.prepare.graph_construction import (
    build_frame_graph,
    build_frame_pair,
)
from napari_gnn_vos.prepare.pipeline import BATCH_FRAMES, outward_order, prepare
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.vision import cv2
from tests.scenes import moving_square

SETTINGS = PrepareSettings(superpixels=SuperpixelSettings(method="watershed"))


def embed(image):
    return [cv2.resize(image, (8, 6)).astype(np.float32) / 255]


class CountingFlow:
    """Optical flow that counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, before, after):
        self.calls += 1
        return dis_flow(before, after)


class FailingStore(MemoryStore):
    """A store that raises an error at a frame."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def put(self, t, frame, pair):
        if t == self.at:
            raise OSError("disk full")
        super().put(t, frame, pair)


def assert_same(actual, expected, count):
    for t in range(count):
        a, b = actual.frame(t), expected.frame(t)
        for name in (
            "labels",
            "node_features",
            "appearance",
            "spatial_edges",
            "edge_features",
        ):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for t in range(count - 1):
        a, b = actual.pair(t), expected.pair(t)
        for name in ("causal_edges", "edge_features"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        np.testing.assert_array_equal(a.flow.forward, b.flow.forward)
        np.testing.assert_array_equal(a.flow.backward, b.flow.backward)


def frame_by_frame(video, settings=SETTINGS):
    """Prepare all frames in order without threads."""
    store, count = MemoryStore(), video.shape[0]
    images = [video.rgb(t) for t in range(count)]
    flows = [None, *(flow_between(a, b) for a, b in pairwise(images)), None]
    described = [
        build_frame_graph(images[t], flows[t], flows[t + 1], settings, embed)
        for t in range(count)
    ]
    share = settings.edges.least_share
    for t in range(count):
        pair = None
        if t + 1 < count:
            pair = build_frame_pair(described[t], described[t + 1], flows[t + 1], share)
        store.put(t, described[t][0], pair)
    return store


@pytest.mark.parametrize(
    "count", [2, 3, BATCH_FRAMES, BATCH_FRAMES + 1, 2 * BATCH_FRAMES + 3]
)
def test_graph_equals_preparation_frame_by_frame(count):
    video, _ = moving_square(count)
    store = MemoryStore()
    drain(prepare(video, SETTINGS, FrameModels(dis_flow, embed), store))
    assert_same(store, frame_by_frame(video), count)
    assert not store.has_frame(count)


def test_merged_superpixels_meet_the_budget():
    video, _ = moving_square(2)
    settings = PrepareSettings(superpixels=SuperpixelSettings(per_frame=30))
    store = MemoryStore()
    drain(prepare(video, settings, FrameModels(dis_flow, embed), store))
    assert store.frame(0).n == store.frame(1).n == 30
    assert store.pair(0).causal_edges.shape[1] > 30
    assert_same(store, frame_by_frame(video, settings), 2)


def test_failed_preparation_continues_at_the_failed_frame():
    count = 2 * BATCH_FRAMES + 2
    video, _ = moving_square(count)
    store = FailingStore(at=BATCH_FRAMES + 3)
    with pytest.raises(OSError, match="disk full"):
        drain(prepare(video, SETTINGS, FrameModels(dis_flow, embed), store))
    assert [store.has_frame(t) for t in (BATCH_FRAMES + 2, BATCH_FRAMES + 3)] == [
        True,
        False,
    ]
    store.at = None
    flow = CountingFlow()
    drain(prepare(video, SETTINGS, FrameModels(flow, embed), store))
    assert flow.calls == 2 * (count - BATCH_FRAMES - 3)  # from the previous frame on
    assert_same(store, frame_by_frame(video), count)


def test_prepared_frames_are_not_prepared_again():
    video, _ = moving_square(BATCH_FRAMES + 1)
    store, flow = MemoryStore(), CountingFlow()
    for _ in range(2):
        drain(prepare(video, SETTINGS, FrameModels(flow, embed), store))
    assert flow.calls == 2 * BATCH_FRAMES


def test_progress_increases():
    video, _ = moving_square(BATCH_FRAMES + 3)
    steps = []
    work = prepare(video, SETTINGS, FrameModels(dis_flow, embed), MemoryStore())
    drain(work, lambda step: steps.append(step.done))
    assert steps == sorted(steps)
    assert steps[-1] == BATCH_FRAMES + 3
    assert len(steps) > BATCH_FRAMES


def test_closing_restores_the_thread_count():
    video, _ = moving_square(4)
    before = cv2.getNumThreads()
    work = prepare(video, SETTINGS, FrameModels(dis_flow, embed), MemoryStore())
    next(work)
    work.close()
    assert cv2.getNumThreads() == before


def test_closing_does_not_wait_for_a_long_call():
    video, _ = moving_square(4)
    started, released = Event(), Event()

    def slow_embed(image):
        started.set()
        released.wait(60)
        return embed(image)

    work = prepare(video, SETTINGS, FrameModels(dis_flow, slow_embed), MemoryStore())
    while not started.is_set():
        next(work)
    begin = monotonic()
    work.close()
    elapsed = monotonic() - begin
    released.set()
    assert elapsed < 20


@given(count=st.integers(2, 90), data=st.data())
def test_outwards_orders_batches_by_distance(count, data):
    around = data.draw(st.integers(0, count - 1))
    order = outward_order(count, around)
    assert sorted(order) == list(range(count))
    assert around in order[:BATCH_FRAMES]
    distance = [abs(t // BATCH_FRAMES - around // BATCH_FRAMES) for t in order]
    assert distance == sorted(distance)
    for t, following in pairwise(order):
        same_batch = t // BATCH_FRAMES == following // BATCH_FRAMES
        assert following == t + 1 or not same_batch


@pytest.mark.parametrize("around", [0, 9, 2 * BATCH_FRAMES + 2])
def test_graph_is_independent_of_the_start_frame(around):
    count = 2 * BATCH_FRAMES + 3
    video, _ = moving_square(count)
    store, flow = MemoryStore(), CountingFlow()
    drain(prepare(video, SETTINGS, FrameModels(flow, embed), store, around))
    assert_same(store, frame_by_frame(video), count)
    assert flow.calls == 2 * (count - 1)


def test_nearest_frames_are_ready_first():
    count = 2 * BATCH_FRAMES
    video, _ = moving_square(count)
    store = MemoryStore()
    work = prepare(video, SETTINGS, FrameModels(dis_flow, embed), store, count - 1)
    while next(work).done < BATCH_FRAMES:
        pass
    assert [t for t in range(count) if store.has_frame(t)] == [
        *range(BATCH_FRAMES, count)
    ]
    work.close()


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_graph_is_independent_of_interruptions(data):
    count = 2 * BATCH_FRAMES + 3
    video, _ = moving_square(count)
    store = MemoryStore()
    for _ in range(3):
        around = data.draw(st.integers(0, count - 1))
        work = prepare(video, SETTINGS, FrameModels(dis_flow, embed), store, around)
        for _ in range(data.draw(st.integers(1, count // 2))):
            if next(work, None) is None:
                break
        work.close()
    drain(prepare(video, SETTINGS, FrameModels(dis_flow, embed), store, 0))
    assert_same(store, frame_by_frame(video), count)


@pytest.mark.parametrize("around", [0, BATCH_FRAMES, 2 * BATCH_FRAMES + 2])
def test_frames_are_embedded_once_and_few_results_are_kept(around, monkeypatch):
    count = 2 * BATCH_FRAMES + 3
    video, _ = moving_square(count)
    embedded = []

    def counting_embed(image):
        embedded.append(image)
        return embed(image)

    kept = []
    discard = FrameScheduler._discard_unneeded

    def counting_discard(self, t):
        discard(self, t)
        kept.append(max(map(len, (self._images, self._flows, self._frame_graphs))))

    monkeypatch.setattr(frame_scheduler, "cores", lambda: 2)
    monkeypatch.setattr(FrameScheduler, "_discard_unneeded", counting_discard)
    models = FrameModels(dis_flow, counting_embed)
    drain(prepare(video, SETTINGS, models, MemoryStore(), around))
    assert len(embedded) == count
    assert max(kept) <= 14  # lookahead of six, and three or four at both ends
    assert kept[-1] == 0


@pytest.mark.parametrize("denoise", [True, False])
def test_noisy_frames_are_seen_without_their_noise_if_expected(denoise):
    frames = moving_square(3)[0].frames
    noise = np.random.default_rng(0).normal(0, 25, frames.shape)
    video = Video.from_array(np.clip(frames + noise, 0, 255).astype(np.uint8))
    seen = []

    def recording_embed(image):
        seen.append(image)
        return embed(image)

    settings = SETTINGS.model_copy(update={"denoise": denoise})
    drain(
        prepare(video, settings, FrameModels(dis_flow, recording_embed), MemoryStore())
    )
    expected = [video.rgb(t, denoise=denoise) for t in range(3)]
    for image in expected:
        assert any(np.array_equal(image, one) for one in seen)
    assert np.array_equal(expected[0], video.rgb(0)) is not denoise
