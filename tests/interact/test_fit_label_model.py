import numpy as np
import pytest

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.fit_label_model import (
    NODE_FEATURE_WEIGHT,
    RESIDUAL_WEIGHT,
    disputed,
    fit_label_model,
    input_weights,
    label_model_inputs,
    not_slivers,
)
from napari_gnn_vos.structures.feature_names import RESIDUAL_MOTION
from tests.interact.known import known
from tests.scenes import plain_frame, random_graph

STRONG = LabelModelSettings(inverse_regularization=1.0)
"""So that a few superpixels suffice for an opinion."""


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def probability(graph, node_labels, t, row, settings=STRONG):
    model = fit_label_model(graph, node_labels, settings)
    return model(label_model_inputs(graph.frames[t], settings)[[row]], (1,))[0, 0]


def test_the_label_model_is_fitted_on_labelled_superpixels(graph):
    node_labels = known(graph.n, [(0, 1), (graph.n - 1, 0)])
    assert probability(graph, node_labels, 0, 0) > 0.55
    assert probability(graph, node_labels, -1, -1) < 0.45


def test_propagated_seeds_have_a_smaller_weight_than_drawn_ones(graph):
    row = int(graph.offsets[2])
    drawn = [(0, 1), (graph.n - 1, 0)]
    without = probability(graph, known(graph.n, drawn), 2, 0)
    propagated = probability(graph, known(graph.n, drawn, [(row, 1)]), 2, 0)
    painted = probability(graph, known(graph.n, [*drawn, (row, 1)]), 2, 0)
    assert without < propagated < painted


def test_node_features_are_inputs_unless_disabled(graph):
    frame = graph.frames[0]
    appearance = frame.appearance.astype(np.float32)
    inputs = label_model_inputs(frame, STRONG)
    np.testing.assert_array_equal(inputs, np.hstack([appearance, frame.node_features]))
    without = STRONG.model_copy(update={"node_features": False})
    np.testing.assert_array_equal(label_model_inputs(frame, without), appearance)


def test_the_camera_residual_has_its_own_weight():
    names = "l", RESIDUAL_MOTION
    weights = input_weights(2, names, STRONG)
    assert weights.tolist() == [1, 1, NODE_FEATURE_WEIGHT, RESIDUAL_WEIGHT]
    without = STRONG.model_copy(update={"node_features": False})
    assert input_weights(2, names, without).tolist() == [1, 1]


def test_slivers_count_less():
    labels = np.zeros((20, 30), np.uint16)
    labels[:, 15:] = 1
    labels[3, 4:7] = 2
    found = not_slivers(plain_frame(labels), 1 / 7)
    least = labels.size / 3 / 7
    np.testing.assert_allclose(found, [1, 1, 3 / least], rtol=1e-5)
    assert (not_slivers(plain_frame(labels), 0) == 1).all()


def test_the_same_look_with_two_labels_is_disputed():
    looks = np.array([[1, 2], [1, 2], [3, 4], [3, 4], [5, 6]], np.float16)
    labels = np.array([0, 1, 2, 2, 1], np.int16)
    assert disputed(looks, labels).tolist() == [True, True, False, False, False]
    assert disputed(looks[:0], labels[:0]).tolist() == []
