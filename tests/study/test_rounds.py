from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.metrics import boundary_f, jaccard
from napari_gnn_vos.study.rounds import FixedFirstRound, run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from tests.scenes import line

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)


def run(labelled_video, rounds, annotator=None, seed=0):
    return list(
        run_rounds(
            labelled_video.session,
            labelled_video.truth,
            annotator or SimulatedAnnotator(),
            DIFFUSION_MODEL,
            rounds=rounds,
            rng=np.random.default_rng(seed),
        )
    )


def test_each_round_is_scored(labelled_video):
    out = run(labelled_video, 3)
    assert [score.round_index for _, score in out] == [1, 2, 3]
    for session, score in out:
        expected = jaccard(session.labels, labelled_video.truth, [1, 2])
        np.testing.assert_array_equal(score.j, expected)
        expected = boundary_f(session.labels, labelled_video.truth, [1, 2])
        np.testing.assert_array_equal(score.f, expected)
        assert score.j.shape == score.f.shape == (5, 2)
    assert out[0][1].j.mean() > 0.7
    assert labelled_video.session.rounds == ()


def test_times_are_measured(labelled_video):
    ((_, score),) = run(labelled_video, 1)
    assert score.interact > 0
    assert score.predict > 0


def test_round_without_strokes_repeats_the_score(labelled_video):
    class DrawOnce(SimulatedAnnotator):
        def __call__(self, labels, truth, rng, used=()):
            return super().__call__(labels, truth, rng) if labels is None else ()

    out = run(labelled_video, 3, DrawOnce())
    assert [score.round_index for _, score in out] == [1, 2, 3]
    assert out[2][0] is out[0][0]
    np.testing.assert_array_equal(out[2][1].j, out[0][1].j)
    np.testing.assert_array_equal(out[2][1].f, out[0][1].f)
    assert (out[2][1].interact, out[2][1].predict) == (0, 0)


def test_fixed_first_round_uses_the_given_strokes(labelled_video):
    first = line(2, 1, (10, 16), (14, 22)), line(2, 2, (33, 38), (37, 46))
    (session, _), (later, _) = run(
        labelled_video, 2, FixedFirstRound(first, SimulatedAnnotator())
    )
    assert session.rounds == (first,)
    assert len(later.rounds) == 2
    assert later.rounds[1][0] not in first
    ((session, _),) = run(labelled_video, 1, FixedFirstRound((), SimulatedAnnotator()))
    assert session.rounds[0]


def test_scores_are_reproducible_with_the_same_seed(labelled_video):
    first, second = (
        run(labelled_video, 2, SimulatedAnnotator(vary=True), 3) for _ in range(2)
    )
    for (_, a), (_, b) in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.j, b.j)


def test_truth_without_object_is_rejected(labelled_video):
    without_object = replace(labelled_video, truth=np.zeros_like(labelled_video.truth))
    with pytest.raises(VideoError, match="Expected an object"):
        run(without_object, 1)
