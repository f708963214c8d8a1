import networkx
import numpy as np
import pytest

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.measure.curve import Curve
from napari_gnn_vos.study.measure.official import official_summary, run_official
from napari_gnn_vos.study.measure.official_package import (
    official,
    registered_sequences,
    restored_aliases,
)
from napari_gnn_vos.study.metrics import boundary_f, jaccard
from napari_gnn_vos.study.rounds import Score

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)

pytest.importorskip("davisinteractive")


def blobs(shape, max_label, seed):
    """Create rectangular patches of labels 0 to `max_label`, (T, H, W)."""
    coarse = np.random.default_rng(seed).integers(0, max_label + 1, shape)
    return np.repeat(np.repeat(coarse, 12, axis=1), 9, axis=2).astype(np.uint8)


def shifted(truth):
    """Shift labels by a distance that increases per frame."""
    return np.stack(
        [np.roll(labels, (t, 3 * t), (0, 1)) for t, labels in enumerate(truth)]
    )


def label_pairs():
    _, scene = compose_scene(3, 4, (240, 427), objects=3)
    absent = blobs((4, 6, 9), 2, 1)
    absent[1] = 0
    absent[2] %= 2
    noise = blobs((3, 40, 60), 1, 5)[:, ::12, ::9]
    return {
        "scene": (shifted(scene), scene),
        "blobs": (blobs((3, 6, 9), 3, 2), blobs((3, 6, 9), 3, 3)),
        "absent": (shifted(absent), absent),
        "no object": (absent * 0, absent),
        "noise": (noise, 1 - noise),
        "all": (np.ones((1, 30, 40), np.uint8), np.eye(30, 40, dtype=np.uint8)[None]),
    }


@pytest.mark.parametrize("case", label_pairs())
def test_metrics_equal_those_of_the_package(case):
    labels, truth = label_pairs()[case]
    objects = range(1, int(truth.max()) + 1)
    with restored_aliases():
        metrics = official("metrics")
        options = {"average_over_objects": False, "nb_objects": len(objects)}
        j = metrics.batched_jaccard(truth, labels, **options)
        f = metrics.batched_f_measure(truth, labels, **options)
    np.testing.assert_array_equal(jaccard(labels, truth, objects), j)
    np.testing.assert_allclose(boundary_f(labels, truth, objects), f, atol=1e-3)


def run_package(labelled_video, rounds, **options):
    rng = np.random.default_rng(0)
    return list(run_official(labelled_video, DIFFUSION_MODEL, rounds, rng, **options))


def test_rounds_improve_the_scores(labelled_video):
    scores = run_package(labelled_video, 3)
    assert [score.round_index for score in scores] == [1, 2, 3]
    assert all(score.j.shape == score.f.shape == (5, 2) for score in scores)
    assert scores[0].j.mean() > 0.7
    assert scores[2].j.mean() >= max(scores[0].j.mean(), 0.95)
    assert scores[0].interact > 0
    assert scores[0].predict > 0
    assert labelled_video.session.rounds == ()


def test_scores_are_reproducible_with_the_same_seed(labelled_video):
    for first, second in zip(
        run_package(labelled_video, 2), run_package(labelled_video, 2), strict=True
    ):
        np.testing.assert_array_equal(first.j, second.j)
        np.testing.assert_array_equal(first.f, second.f)


def test_perfect_labels_end_the_corrections(labelled_video):
    scores = run_package(labelled_video, 6)
    assert scores[-1].j.mean() == 1
    assert (scores[-1].interact, scores[-1].predict) == (0, 0)


def test_number_of_rounds_may_exceed_the_limit_of_the_package(labelled_video):
    assert len(run_package(labelled_video, 18)) == 18


def test_objects_may_have_any_labels(labelled_video):
    numbers = np.array([0, 9, 4], np.uint8)
    relabelled = LabelledVideo(labelled_video.session, numbers[labelled_video.truth])
    (score,) = run_package(relabelled, 1)
    (expected,) = run_package(labelled_video, 1)
    assert score.j.shape == (5, 2)
    assert score.j.mean() == pytest.approx(expected.j.mean(), abs=0.1)


def test_given_first_strokes_are_used(labelled_video):
    first = [Scribble(2, 1, [[12, 14], [12, 20]]), Scribble(2, 0, [[2, 2], [2, 60]])]
    first_round, second_round = run_package(labelled_video, 2, first=first)
    assert first_round.j[:, 0].mean() > 0.7
    assert not first_round.j[:, 1].any()
    assert second_round.j[:, 1].mean() > 0.3


def test_strokes_on_background_only_give_no_prediction(labelled_video):
    first_round, second_round = run_package(
        labelled_video, 2, first=[Scribble(0, 0, [[2, 2], [2, 60]])]
    )
    assert not first_round.j.any()
    assert second_round.j.mean() > 0.5


def test_truth_without_object_is_rejected(labelled_video):
    without_object = LabelledVideo(labelled_video.session, labelled_video.truth * 0)
    with pytest.raises(VideoError, match="Expected an object"):
        run_package(without_object, 1)


def results():
    """Create scores of three rounds of two videos, with one and three objects."""
    rng = np.random.default_rng(0)
    return {
        name: [
            Score(round_index, *rng.random((2, frames, k)), *rng.random(2) * 9)
            for round_index in (1, 2, 3)
        ]
        for name, frames, k in (("one", 4, 1), ("three", 6, 3))
    }


@pytest.mark.parametrize("metric", ["J", "F", "J_AND_F"])
def test_curve_equals_that_of_the_package(metric):
    summary = official_summary(results(), metric)
    score_of = {"J": lambda s: s.j, "F": lambda s: s.f}.get(
        metric, lambda s: (s.j + s.f) / 2
    )
    means = [
        np.concatenate([score_of(score).mean(axis=0) for score in scores]).mean()
        for scores in zip(*results().values(), strict=True)
    ]
    seconds = [
        np.mean([score.interact + score.predict for score in scores])
        for scores in zip(*results().values(), strict=True)
    ]
    curve = Curve.of(means, seconds, objects=2)
    assert summary["auc"] == pytest.approx(curve.auc)
    assert summary["metric_at_threshold"][metric] == pytest.approx(curve.at(60))
    np.testing.assert_allclose(summary["curve"]["time"], curve.seconds)
    np.testing.assert_allclose(summary["curve"][metric], curve.score)


def test_patched_modules_are_restored(labelled_video):
    with registered_sequences({}, "val"):
        davis = official("dataset").Davis
    before = dict(vars(np)), dict(vars(networkx)), davis.dataset, davis.sets
    result = run_official(labelled_video, DIFFUSION_MODEL, 2, np.random.default_rng(0))
    next(result)
    assert before == (vars(np), vars(networkx), davis.dataset, davis.sets)
    with pytest.raises(KeyError), registered_sequences({"bear": (1, 2, 3, 4)}, "val"):
        assert davis.dataset["bear"]["num_objects"] == 4
        assert vars(np)["int"] is int
        raise KeyError
    assert before == (vars(np), vars(networkx), davis.dataset, davis.sets)
