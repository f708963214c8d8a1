"""Several objects that are predicted together."""

from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import (
    annotate,
    outward_labelling,
    predict,
    predicting,
    start,
)
from napari_gnn_vos.engine.constraining import constrain_round
from napari_gnn_vos.engine.joint_labelling import preliminary_spans
from napari_gnn_vos.interact import harmonic, similar_objects
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import PartialResult, drain
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.study.baselines import WholeVideoModel
from napari_gnn_vos.study.metrics import jaccard
from tests.scenes import equal_squares, line

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
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 1)
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


class RecordedModel:
    """A network that records the frames it has predicted for several objects."""

    streams, device = True, "cpu"

    def __init__(self):
        self.model, self.predicted = load_model(device="cpu"), []

    def __call__(self, graph, node_inputs, frames):
        for t, probability in zip(
            frames, self.model(graph, node_inputs, frames), strict=True
        ):
            self.predicted.append((t, len(probability)))
            yield probability


def partial_results(steps):
    return [step for step in steps if isinstance(step, PartialResult)]


def last_labels(results):
    labels = {step.frame: step.labels for step in results}
    return np.stack([labels[t] for t in sorted(labels)])


@pytest.fixture
def streamed(squares, monkeypatch):
    """All steps of a round around frame 6, its model and its result."""
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 2)
    model, steps = RecordedModel(), []
    out = drain(predict(squares[0], model, first=6), steps.append)
    return steps, model, out


def test_frames_near_the_displayed_one_are_shown_before_the_others(streamed):
    steps, _, _ = streamed
    results = partial_results(steps)
    preliminary = [step.frame for step in results if step.preliminary]
    assert preliminary == [6, 7, 5, 8, 4]
    assert [step.preliminary for step in results[:5]] == [True] * 5
    assert not any(step.preliminary for step in results[5:])
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert (steps[-1].done, steps[-1].total) == (FRAMES, FRAMES)


def test_displayed_frame_is_shown_before_the_next_one_is_predicted(
    squares, monkeypatch
):
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 2)
    model = RecordedModel()
    pipeline = predict(squares[0], model, first=6)
    predicted = [
        [t for t, _ in model.predicted]
        for step in pipeline
        if isinstance(step, PartialResult) and step.preliminary
    ]
    assert predicted[0] == [6]
    assert predicted[-1] == [6, 7, 5, 8, 4]


def test_each_frame_is_predicted_once_by_each_network(streamed):
    _, model, _ = streamed
    both = [(t, count) for t in range(FRAMES) for count in (1, 2)]
    assert sorted(model.predicted) == both


def test_only_frames_whose_labels_change_are_shown_again(streamed):
    steps, _, out = streamed
    results = partial_results(steps)
    np.testing.assert_array_equal(last_labels(results), out.labels)
    preliminary = {s.frame: s.labels for s in results if s.preliminary}
    changed = {t for t, x in preliminary.items() if (x != out.labels[t]).any()}
    final = {step.frame for step in results if not step.preliminary}
    assert final == changed | (set(range(FRAMES)) - set(preliminary))
    assert changed != set(preliminary)


def test_preliminary_labels_are_constrained(squares, monkeypatch):
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 2)
    session, _ = squares
    before = drain(predict(session, load_model(device="cpu")))
    kept = range(5, 8)
    constraints = Constraints(
        locked=frozenset({1}), absent=frozenset({(6, 2)}), frames=(5, 8)
    )
    drawn = annotate(before, [line(6, 1, (23, 20), (23, 40))], rng=rng())
    drawn = replace(drawn, constraints=(constraints,))
    steps = []
    pipeline = predict(drawn, load_model(device="cpu"), first=6)
    drain(constrain_round(pipeline, drawn, drawn.painted_pixels), steps.append)
    preliminary = {s.frame: s for s in partial_results(steps) if s.preliminary}
    assert set(preliminary) == {4, 5, 6, 7, 8}
    for t, step in preliminary.items():
        if t not in kept:
            np.testing.assert_array_equal(step.labels, before.labels[t])
        if t != 6:
            np.testing.assert_array_equal(step.labels == 1, before.labels[t] == 1)
    assert 2 not in preliminary[6].labels
    assert (preliminary[6].labels[23, 20:41] == 1).all()
    assert 2 in preliminary[5].labels


@pytest.fixture
def grouped(squares, monkeypatch):
    """The squares, which are predicted as one; strokes are on frame 0."""
    monkeypatch.setattr(similar_objects, "RESOLVED", 1.0)
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 3)
    return squares[0]


@pytest.mark.parametrize(("first", "shown"), [(0, [0, 1, 2, 3]), (3, [3, 2, 4, 1, 5])])
def test_groups_are_shown_once_their_drawn_labels_are_predicted(grouped, first, shown):
    model, steps = RecordedModel(), []
    expected = drain(predict(grouped, load_model(device="cpu")))
    assert expected.prediction.grouped == (1, 2)
    out = drain(predict(grouped, model, first=first), steps.append)
    results = partial_results(steps)
    preliminary = [step.frame for step in results if step.preliminary]
    assert preliminary[: len(shown)] == shown
    np.testing.assert_array_equal(out.labels, expected.labels)
    np.testing.assert_array_equal(last_labels(results), out.labels)
    for a, b in zip(
        out.prediction.probability, expected.prediction.probability, strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_groups_far_from_their_drawn_labels_are_not_shown_preliminarily(grouped):
    steps = []
    drain(predict(grouped, load_model(device="cpu"), first=FRAMES - 1), steps.append)
    results = partial_results(steps)
    assert not any(step.preliminary for step in results)
    assert results[0].frame == FRAMES - 1


@pytest.mark.parametrize("limit", [0, 8])
def test_networks_without_streams_show_the_displayed_frame_first(
    squares, monkeypatch, limit
):
    monkeypatch.setattr(predicting, "STREAMED_OBJECTS", limit)
    model, steps = RecordedModel(), []
    model.streams = limit == 0
    out = drain(predict(squares[0], model, first=6), steps.append)
    results = partial_results(steps)
    assert [step.frame for step in results if step.preliminary] == [6]
    np.testing.assert_array_equal(last_labels(results), out.labels)
    expected = drain(predict(squares[0], load_model(device="cpu")))
    np.testing.assert_array_equal(out.labels, expected.labels)


def test_long_video_is_previewed_with_the_inputs_of_near_frames(squares, monkeypatch):
    monkeypatch.setattr(predicting, "FIRST_FRAME_RADIUS", 3)
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 1)
    steps, model = [], load_model(device="cpu")
    out = drain(predict(squares[0], model, first=1), steps.append)
    results = partial_results(steps)
    preliminary = [step.frame for step in results if step.preliminary]
    assert preliminary[:3] == [1, 2, 0]
    assert preliminary[3:6] == [1, 2, 0]  # with the inputs of all frames
    np.testing.assert_array_equal(last_labels(results), out.labels)
    np.testing.assert_array_equal(out.labels, drain(predict(squares[0], model)).labels)


def test_round_is_stopped_between_preliminary_frames(squares, monkeypatch):
    monkeypatch.setattr(outward_labelling, "NEAR_FRAMES", 2)
    model = RecordedModel()
    pipeline = predict(squares[0], model, first=6)
    next(step for step in pipeline if isinstance(step, PartialResult))
    pipeline.close()
    assert model.predicted == [(6, 2)]
    assert squares[0].prediction is None


def test_preliminary_spans_end_with_their_share_of_the_window():
    assert list(preliminary_spans(0, range(60), 60)) == [range(1), range(16)]
    assert list(preliminary_spans(100, range(80, 300), 300)) == [
        range(100, 101),
        range(85, 116),
        range(80, 146),
        range(80, 206),
    ]


def rng():
    return np.random.default_rng(0)
