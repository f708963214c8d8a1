from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.training.samples import (
    DROPPED_GROUPS,
    SessionPool,
    merge_random_objects,
    targets,
    without_refinement,
)
from tests.scenes import moving_square, plain_frame

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)


def pool_of(labelled_video, size=2, rounds=3, seed=0):
    return SessionPool([labelled_video], rounds, size, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def pool(labelled_video):
    pool = pool_of(labelled_video)
    for _ in range(4):
        pool.advance(DIFFUSION_MODEL)
    return pool


def test_targets_computed_by_hand():
    frames = [plain_frame([[0, 0, 1, 1]]), plain_frame([[0, 1, 1, 1]])]
    graph = VideoGraph(frames, [], np.array([2, 2]), (), (), (2, 1, 4), "")
    video, _ = moving_square()
    truth = np.array([[[3, 3, 3, 0]], [[1, 3, 0, 0]]], np.uint8)
    session = Session(video, graph)
    target, size = targets(session, LabelledVideo(session, truth))
    assert size.tolist() == [2, 2, 1, 3]
    assert set(target) == {1, 3}
    np.testing.assert_allclose(target[3], [1, 0.5, 0, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(target[1], [0, 0, 1, 0])


def test_target_of_an_unlabelled_frame_is_not_a_number():
    frames = [plain_frame([[0, 0, 1, 1]]), plain_frame([[0, 1, 1, 1]])]
    graph = VideoGraph(frames, [], np.array([2, 2]), (), (), (2, 1, 4), "")
    truth = np.array([[[0, 0, 0, 0]], [[1, 0, 0, 0]]], np.uint8)
    session = Session(moving_square()[0], graph)
    target, _ = targets(session, LabelledVideo(session, truth, (1,)))
    np.testing.assert_array_equal(target[1], np.float32([np.nan, np.nan, 1, 0]))


def test_samples_and_strokes_are_on_labelled_frames(labelled_video):
    truth = labelled_video.truth.copy()
    truth[[0, 1, 3, 4]] = 0
    pool = pool_of(replace(labelled_video, truth=truth, labelled=(2,)))
    for _ in range(4):
        pool.advance(DIFFUSION_MODEL)
    for running in pool._running:
        assert {s.frame for strokes in running.session.rounds for s in strokes} == {2}
    for _ in range(20):
        known = ~np.isnan(pool.sample(2).target)
        assert 0 < known.mean() < 1


@pytest.mark.parametrize("frames", [1, 3, 5, 9])
def test_sample_is_a_window_of_the_graph(pool, frames):
    sample = pool.sample(frames)
    assert len(sample.graph.offsets) - 1 == min(frames, 5)
    n = int(sample.graph.offsets[-1])
    assert sample.inputs.shape == (n, len(NODE_INPUT_NAMES))
    assert sample.target.shape == sample.size.shape == (n,)
    assert sample.graph.edge_index.max() < n
    assert sample.size.sum() == min(frames, 5) * 48 * 64
    assert ((sample.target >= 0) & (sample.target <= 1)).all()


def test_drawn_labels_agree_with_the_target(pool):
    for _ in range(20):
        sample = pool.sample(5)
        drawn = sample.inputs[:, NODE_INPUT_NAMES.index("drawn_target")] > 0
        assert drawn.any()
        assert sample.target[drawn].mean() > 0.5


def test_groups_of_inputs_are_dropped_from_samples_only(pool):
    running = pool._running[0]
    before = {k: v.copy() for k, v in running.inputs.items()}
    rng, missing = np.random.default_rng(0), set()
    for _ in range(100):
        sample = running.sample(5, rng)
        for group in DROPPED_GROUPS:
            columns = [NODE_INPUT_NAMES.index(name) for name in group]
            if not sample.inputs[:, columns].any():
                missing.add(group)
    assert {
        ("label_model",),
        ("harmonic",),
        ("propagated_target", "propagated_rest"),
    } <= missing
    for k, inputs in running.inputs.items():
        np.testing.assert_array_equal(inputs, before[k])


def test_sessions_start_advance_and_end(labelled_video):
    pool, rounds = pool_of(labelled_video, size=2, rounds=2), set()
    for step in range(8):
        pool.advance(DIFFUSION_MODEL)
        assert len(pool._running) == min(step + 1, 2)
        rounds |= {len(running.session.rounds) for running in pool._running}
    assert rounds == {1, 2}


def test_samples_are_reproducible_with_the_same_seed(labelled_video):
    def sample_of(seed):
        pool = pool_of(labelled_video, seed=seed)
        for _ in range(3):
            pool.advance(DIFFUSION_MODEL)
        return pool.sample(3)

    first, same_seed, other_seed = sample_of(1), sample_of(1), sample_of(2)
    np.testing.assert_array_equal(first.inputs, same_seed.inputs)
    np.testing.assert_array_equal(first.graph.edge_index, same_seed.graph.edge_index)
    assert not np.array_equal(first.inputs, other_seed.inputs)


def test_refinement_is_disabled_for_training(labelled_video):
    session = replace(labelled_video.session, config=Config())
    assert session.config.refine != "none"
    assert without_refinement(session).config.refine == "none"
    assert not without_refinement(session).config.coarse_to_fine
    assert without_refinement(session).config.seeds == session.config.seeds


def test_random_subsets_of_objects_are_merged():
    truth = np.array([[[0, 1, 2, 3]]], np.uint8)
    results = set()
    for seed in range(60):
        merged = merge_random_objects(truth, np.random.default_rng(seed))[0, 0]
        assert merged[0] == 0
        assert 1 in merged
        assert set(merged.tolist()) in ({0, 1}, {0, 1, 2})
        assert (merged[1:] != 1).any()
        results.add(tuple(merged.tolist()))
    assert len(results) == 12  # 6 subsets; the rest is label 2 or background


def test_single_object_is_not_changed():
    truth = np.array([[[0, 3]]], np.uint8)
    assert merge_random_objects(truth, np.random.default_rng(0)) is truth
