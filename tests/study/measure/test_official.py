import networkx
import numpy as np
import pytest

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.io.photo_scenes import compose_scene
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.baselines import WholeVideoModel, diffusion_baseline
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

DIFFUSION_MODEL = WholeVideoModel(diffusion_baseline)

pytest.importorskip("davisinteractive")


def blobs(shape, most, seed):
    """Patches of labels 0 to `most`, (T, H, W)."""
    coarse = np.random.default_rng(seed).integers(0, most + 1, shape)
    return np.repeat(np.repeat(coarse, 12, axis=1), 9, axis=2).astype(np.uint8)


def moved(truth):
    """Labels that are off by more in every frame."""
    return np.stack([np.roll(one, (t, 3 * t), (0, 1)) for t, one in enumerate(truth)])


def pairs():
    _, scene = compose_scene(3, 4, (240, 427), objects=3)
    gone = blobs((4, 6, 9), 2, 1)
    gone[1] = 0
    gone[2] %= 2
    noise = blobs((3, 40, 60), 1, 5)[:, ::12, ::9]
    return {
        "scene": (moved(scene), scene),
        "blobs": (blobs((3, 6, 9), 3, 2), blobs((3, 6, 9), 3, 3)),
        "gone": (moved(gone), gone),
        "nothing": (gone * 0, gone),
        "noise": (noise, 1 - noise),
        "all": (np.ones((1, 30, 40), np.uint8), np.eye(30, 40, dtype=np.uint8)[None]),
    }


@pytest.mark.parametrize("case", pairs())
def test_our_metrics_are_theirs(case):
    labels, truth = pairs()[case]
    objects = range(1, int(truth.max()) + 1)
    with restored_aliases():
        theirs = official("metrics")
        among = {"average_over_objects": False, "nb_objects": len(objects)}
        j = theirs.batched_jaccard(truth, labels, **among)
        f = theirs.batched_f_measure(truth, labels, **among)
    np.testing.assert_array_equal(jaccard(labels, truth, objects), j)
    np.testing.assert_allclose(boundary_f(labels, truth, objects), f, atol=1e-3)


def played(labelled_video, rounds, **options):
    rng = np.random.default_rng(0)
    return list(run_official(labelled_video, DIFFUSION_MODEL, rounds, rng, **options))


def test_a_session_from_end_to_end(labelled_video):
    scores = played(labelled_video, 3)
    assert [score.round_index for score in scores] == [1, 2, 3]
    assert all(score.j.shape == score.f.shape == (5, 2) for score in scores)
    assert scores[0].j.mean() > 0.7
    assert scores[2].j.mean() >= max(scores[0].j.mean(), 0.95)
    assert scores[0].interact > 0
    assert scores[0].predict > 0
    assert labelled_video.session.rounds == ()


def test_the_same_seed_the_same_scores(labelled_video):
    for one, other in zip(
        played(labelled_video, 2), played(labelled_video, 2), strict=True
    ):
        np.testing.assert_array_equal(one.j, other.j)
        np.testing.assert_array_equal(one.f, other.f)


def test_a_robot_that_is_content_draws_nothing(labelled_video):
    scores = played(labelled_video, 6)
    assert scores[-1].j.mean() == 1
    assert (scores[-1].interact, scores[-1].predict) == (0, 0)


def test_more_rounds_than_the_package_takes_by_itself(labelled_video):
    assert len(played(labelled_video, 18)) == 18


def test_objects_may_have_any_labels(labelled_video):
    numbers = np.array([0, 9, 4], np.uint8)
    other = LabelledVideo(labelled_video.session, numbers[labelled_video.truth])
    (score,) = played(other, 1)
    (wanted,) = played(labelled_video, 1)
    assert score.j.shape == (5, 2)
    assert score.j.mean() == pytest.approx(wanted.j.mean(), abs=0.1)


def test_first_strokes_may_be_given(labelled_video):
    first = [Scribble(2, 1, [[12, 14], [12, 20]]), Scribble(2, 0, [[2, 2], [2, 60]])]
    one, two = played(labelled_video, 2, first=first)
    assert one.j[:, 0].mean() > 0.7
    assert not one.j[:, 1].any()
    assert two.j[:, 1].mean() > 0.3


def test_strokes_on_background_alone_are_no_answer_yet(labelled_video):
    one, two = played(labelled_video, 2, first=[Scribble(0, 0, [[2, 2], [2, 60]])])
    assert not one.j.any()
    assert two.j.mean() > 0.5


def test_a_truth_without_an_object_is_told(labelled_video):
    nothing = LabelledVideo(labelled_video.session, labelled_video.truth * 0)
    with pytest.raises(VideoError, match="needs an object"):
        played(nothing, 1)


def results():
    """Two videos of three rounds: of one object, and of three."""
    rng = np.random.default_rng(0)
    return {
        name: [
            Score(round_index, *rng.random((2, frames, k)), *rng.random(2) * 9)
            for round_index in (1, 2, 3)
        ]
        for name, frames, k in (("one", 4, 1), ("three", 6, 3))
    }


@pytest.mark.parametrize("metric", ["J", "F", "J_AND_F"])
def test_our_curve_is_theirs(metric):
    summary = official_summary(results(), metric)
    of = {"J": lambda s: s.j, "F": lambda s: s.f}.get(metric, lambda s: (s.j + s.f) / 2)
    means = [
        np.concatenate([of(score).mean(axis=0) for score in round_index]).mean()
        for round_index in zip(*results().values(), strict=True)
    ]
    seconds = [
        np.mean([score.interact + score.predict for score in round_index])
        for round_index in zip(*results().values(), strict=True)
    ]
    curve = Curve.of(means, seconds, objects=2)
    assert summary["auc"] == pytest.approx(curve.auc)
    assert summary["metric_at_threshold"][metric] == pytest.approx(curve.at(60))
    np.testing.assert_allclose(summary["curve"]["time"], curve.seconds)
    np.testing.assert_allclose(summary["curve"][metric], curve.score)


def test_all_is_as_it_was_afterwards(labelled_video):
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
