"""Several objects that are predicted together."""

from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, predict, start
from napari_gnn_vos.engine.joint_prediction import _runs
from napari_gnn_vos.interact import harmonic
from napari_gnn_vos.model.registry import load_model
from napari_gnn_vos.progress import PartialResult, drain
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.study.baselines import WholeVideoModel
from napari_gnn_vos.study.metrics import jaccard
from tests.scenes import equal_squares

FRAMES = 12


@pytest.fixture(scope="module")
def squares():
    """Two squares of equal colour with strokes on frame 0, and their truth."""
    video, truth, strokes = equal_squares(FRAMES, step=2)
    session = drain(start(video, Config(refine="none")))
    return annotate(session, strokes, rng=np.random.default_rng(0)), truth


def with_config(session, **changes):
    return replace(session, config=session.config.model_copy(update=changes))


def any_square(session, truth):
    """A model that finds the squares and does not tell them apart."""
    frames = session.graph.frames
    inside = [
        np.bincount(f.labels.ravel(), (mask > 0).ravel()) / f.sizes
        for f, mask in zip(frames, truth, strict=True)
    ]
    probability = np.where(np.concatenate(inside) > 0.5, 0.9, 0.02)

    def rule(_graph, inputs):
        return np.tile(probability.astype(np.float32), (len(inputs), 1))

    return WholeVideoModel(rule)


def test_equal_objects_are_identified_by_their_connection_to_strokes(squares):
    session, truth = squares
    model = any_square(session, truth)
    out = drain(predict(session, model))
    assert jaccard(out.labels, truth, [1, 2]).mean() > 0.9
    separate = with_config(session, identity_labelling=False)
    labels = drain(predict(separate, model)).labels
    assert jaccard(labels, truth, [1, 2]).mean() < 0.6


@pytest.mark.parametrize("first", [0, 5, FRAMES - 1])
def test_result_does_not_depend_on_the_first_frame(squares, monkeypatch, first):
    monkeypatch.setattr(harmonic, "WINDOW_FRAMES", 3)
    monkeypatch.setattr(harmonic, "MARGIN_FRAMES", 2)
    session, _ = squares
    model = load_model(device="cpu")
    expected = drain(predict(session, model))
    steps = []
    out = drain(predict(session, model, first=first), steps.append)
    for a, b in zip(
        out.prediction.probability, expected.prediction.probability, strict=True
    ):
        np.testing.assert_array_equal(a, b)
    shown = [step.frame for step in steps if isinstance(step, PartialResult)]
    assert shown[0] == first
    assert set(shown) == set(range(FRAMES))


def test_an_absent_object_is_nowhere_in_the_frame(squares):
    session, truth = squares
    constrained = with_absent(session, frame=6, label=2)
    out = drain(predict(constrained, any_square(session, truth)))
    assert 2 not in out.labels[6]
    assert 1 in out.labels[6]
    assert 2 in out.labels[5]


def with_absent(session, frame, label):
    constraints = Constraints(absent=frozenset({(frame, label)}))
    return replace(session, constraints=(constraints,))


def test_runs_of_consecutive_frames():
    assert list(_runs([])) == []
    assert list(_runs([1, 2, 3, 7, 9, 10])) == [range(1, 4), range(7, 8), range(9, 11)]
