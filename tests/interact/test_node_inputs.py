from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_probabilities import label_model_probabilities
from napari_gnn_vos.interact.node_inputs import gather_node_inputs, previous_probability
from napari_gnn_vos.interact.reviewed_labels import REVIEWED_WEIGHT
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Prediction
from tests.interact.node_labels import known_labels
from tests.scenes import random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


STRONG = LabelModelSettings(
    inverse_regularization=1.0, projection="", group_similar_objects=False
)
"""So weak a regularisation that a few samples suffice."""


def gather(graph, node_labels, previous=None, **settings):
    settings = STRONG.model_copy(update=settings)
    return gather_node_inputs(graph, node_labels, previous, settings)


def inputs_of(inputs, label):
    """Inputs of all frames, (N, 8)."""
    frames = [inputs.of_frame(t) for t in range(len(inputs.offsets) - 1)]
    return np.concatenate(frames, axis=1)[inputs.objects.index(label)]


def test_inputs_are_gathered_for_each_drawn_object(graph):
    node_labels = known_labels(graph.n, [(0, 0), (1, 3), (2, 1)], [(5, 7)])
    inputs = gather(graph, node_labels)
    assert inputs.objects == (1, 3)
    assert set(inputs.label_model) == set(inputs.harmonic) == {1, 3}
    for label in inputs.objects:
        columns = inputs_of(inputs, label)
        assert columns.shape == (graph.n, len(NODE_INPUT_NAMES))
        assert np.isfinite(columns).all()
        assert np.abs(columns).max() <= 1
        at = NODE_INPUT_NAMES.index
        assert columns[:, at("drawn_target")].nonzero()[0].tolist() == [
            {1: 2, 3: 1}[label]
        ]
        np.testing.assert_allclose(
            columns[:, at("label_model")], 2 * inputs.label_model[label] - 1, atol=1e-6
        )
        np.testing.assert_allclose(
            columns[:, at("harmonic")], 2 * inputs.harmonic[label] - 1, atol=1e-6
        )
        assert (columns[:, at("previous")] == 0).all()


def test_previous_prediction_is_an_input(graph):
    rows = [
        np.random.default_rng(t).random((f.n, 3)) for t, f in enumerate(graph.frames)
    ]
    probability = tuple(r.astype(np.float32) for r in rows)
    previous = Prediction((2, 5), probability, np.ones((len(rows), 2), np.float32))
    expected = np.concatenate(rows).astype(np.float32)
    np.testing.assert_array_equal(
        previous_probability(previous, (5,), graph.n), expected[:, 2]
    )
    np.testing.assert_array_equal(
        previous_probability(previous, (2,), graph.n), expected[:, 1]
    )
    assert (previous_probability(previous, (3,), graph.n) == 0.5).all()
    assert (previous_probability(None, (2,), graph.n) == 0.5).all()
    both = previous_probability(previous, (2, 3, 5), graph.n)
    np.testing.assert_array_equal(both, np.minimum(expected[:, 1:].sum(axis=1), 1))
    inputs = gather(graph, known_labels(graph.n, [(0, 0), (1, 5)]), previous)
    column = inputs_of(inputs, 5)[:, NODE_INPUT_NAMES.index("previous")]
    np.testing.assert_allclose(column, 2 * expected[:, 2] - 1, atol=1e-6)


def test_presumed_background_affects_the_label_model_only(graph):
    node_labels = known_labels(graph.n, [(0, 1)], presumed=[(graph.n - 1, 0)])
    inputs = gather(graph, node_labels)
    assert inputs.label_model[1][0] > 0.55
    assert inputs.label_model[1][-1] < 0.45
    alone = gather(graph, known_labels(graph.n, [(0, 1)]))
    assert (alone.label_model[1] == 0.5).all()
    for name in ("drawn_rest", "propagated_rest"):
        assert (inputs_of(inputs, 1)[:, NODE_INPUT_NAMES.index(name)] == 0).all()


def test_disabled_label_model_has_probability_one_half(graph):
    node_labels = known_labels(graph.n, [(0, 0), (1, 3), (2, 1)], [(5, 1)])
    inputs = gather(graph, node_labels, enabled=False)
    assert inputs.objects == (1, 3)
    for label in inputs.objects:
        assert (inputs.label_model[label] == 0.5).all()
        assert (
            inputs_of(inputs, label)[:, NODE_INPUT_NAMES.index("label_model")] == 0
        ).all()
    assert inputs.harmonic[3][1] > 0.8 > 0.2 > inputs.harmonic[3][2]


def test_evidence_of_some_frames(graph):
    node_labels = known_labels(graph.n, [(0, 1), (graph.n - 1, 0)])
    partial = gather_node_inputs(graph, node_labels, None, STRONG, range(1, 4))
    whole = gather(graph, node_labels)
    inside = slice(graph.offsets[1], graph.offsets[4])
    np.testing.assert_array_equal(
        partial.label_model[1][inside], whole.label_model[1][inside]
    )
    assert (partial.label_model[1][: inside.start] == 0.5).all()
    assert (partial.label_model[1][inside.stop :] == 0.5).all()


def test_label_model_of_a_corrected_group_is_fitted_to_reviewed_labels(graph):
    drawn, propagated = [(0, 0), (1, 3), (2, 1)], [(5, 1), (7, 0)]
    rows = [np.tile(np.float32([0.9, 0.05, 0.05]), (f.n, 1)) for f in graph.frames]
    rows[1][:4] = 0.1, 0.2, 0.7
    scores = np.ones((len(rows), 2), np.float32)
    previous = Prediction((1, 3), tuple(rows), scores, grouped=(1, 3))
    settings = STRONG.model_copy(update={"group_similar_objects": True})

    def label_model(propagated, previous, frames=()):
        labels = known_labels(graph.n, drawn, propagated)
        inputs = gather_node_inputs(
            graph, labels, previous, settings, reviewed_frames=frames
        )
        return inputs.groups.members, inputs.label_model[1]

    members, with_seeds = label_model(propagated, previous)
    assert members == ((1, 3),)
    np.testing.assert_array_equal(with_seeds, label_model([], previous)[1])
    reviewed = label_model(propagated, previous, {1, 2, 3})[1]
    on_frames = np.arange(graph.offsets[1], graph.offsets[4])
    labels = [(node, int(k < 4)) for k, node in enumerate(on_frames)]
    samples = known_labels(graph.n, [(0, 0), (1, 1), (2, 1)], labels)
    weight = {"propagated_weight": REVIEWED_WEIGHT}
    weighted = settings.model_copy(update=weight)
    expected = label_model_probabilities(graph, samples, (1,), weighted, range(5))[1]
    np.testing.assert_allclose(reviewed, expected, atol=1e-6)
    single = replace(previous, grouped=())
    assert label_model(propagated, single)[0] == ((1,), (3,))
    assert (label_model(propagated, single)[1] != label_model([], single)[1]).any()
    np.testing.assert_array_equal(
        label_model(propagated, single, {1, 2, 3})[1],
        label_model(propagated, single)[1],
    )
