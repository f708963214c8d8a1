import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_model import (
    NODE_FEATURE_WEIGHT,
    RESIDUAL_WEIGHT,
    LabelModel,
    LabelSamples,
    fit_label_model,
    has_conflicting_label,
    label_model_inputs,
    label_model_weights,
    size_weights,
)
from napari_gnn_vos.structures.feature_names import RESIDUAL_MOTION
from tests.interact.node_labels import known_labels
from tests.scenes import plain_frame, random_graph

STRONG = LabelModelSettings(inverse_regularization=1.0, projection="")
"""So weak a regularisation that a few samples suffice."""


def clouds(rng, *counts, apart=6.0, columns=5):
    """Normally distributed points around distant centres, and their centre."""
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = apart * np.eye(len(counts), columns)
    return centres[labels] + rng.normal(size=(len(labels), columns)), labels


def fit(known, labels, weight=None, reference=None, columns=1.0):
    weight = np.ones(len(labels)) if weight is None else weight
    reference = known if reference is None else reference
    column_weights = np.broadcast_to(columns, known.shape[1:])
    reference = reference.astype(np.float32)
    moments = reference.mean(axis=0), reference.std(axis=0)
    samples = LabelSamples(known, labels, weight, *moments)
    return LabelModel(samples, column_weights, STRONG)


def test_similar_appearance_has_the_same_label():
    rng = np.random.default_rng(0)
    model = fit(*clouds(rng, 20, 20, 20))
    values, labels = clouds(rng, 50, 50, 50)
    for label in (1, 2):
        chance = model(values, (label,))[:, 0]
        assert chance.dtype == np.float32
        assert ((chance > 0.5) == (labels == label)).mean() > 0.95


def test_label_without_samples_or_counterexamples_has_probability_one_half():
    rng = np.random.default_rng(0)
    values, labels = clouds(rng, 10, 10)
    assert (fit(values, labels)(values, (7,)) == 0.5).all()
    assert (fit(values, 0 * labels + 1)(values, (1,)) == 0.5).all()


def test_classes_are_balanced():
    rng = np.random.default_rng(0)
    values, labels = clouds(rng, 500, 5)
    middle = np.array([values[labels == k].mean(axis=0) for k in (0, 1)]).mean(axis=0)
    (chance,) = fit(values, labels)(middle[None], (1,))
    assert 0.25 < chance < 0.75


def test_samples_of_negligible_weight_are_ignored():
    rng = np.random.default_rng(0)
    values, labels = clouds(rng, 20, 20)
    wrong = 1 - labels[:10]
    model = fit(
        np.concatenate([values, values[:10]]),
        np.concatenate([labels, wrong]),
        np.concatenate([np.ones(40), np.full(10, 1e-6)]),
        reference=values,
    )
    np.testing.assert_allclose(
        model(values, (1,)), fit(values, labels)(values, (1,)), atol=0.01
    )


@given(seed=st.integers(0, 1000), scale=st.floats(0.5, 100), shift=st.floats(-50, 50))
def test_result_is_invariant_to_scale_and_shift_of_features(seed, scale, shift):
    values, labels = clouds(np.random.default_rng(seed), 15, 15)
    plain = fit(values, labels)(values, (1,))
    moved = values * scale + shift
    np.testing.assert_allclose(fit(moved, labels)(moved, (1,)), plain, atol=0.03)


@pytest.mark.parametrize("far", [1e4, -1e4])
def test_extreme_appearance_has_a_valid_probability(far):
    values, labels = clouds(np.random.default_rng(0), 10, 10)
    chance = fit(values, labels)(np.full((3, 5), far), (1,))
    assert np.isfinite(chance).all()
    assert ((chance >= 0) & (chance <= 1)).all()


def test_half_precision_is_sufficient():
    values, labels = clouds(np.random.default_rng(0), 10, 10)
    full = fit(values, labels)(values, (1,))
    half = values.astype(np.float16)
    np.testing.assert_allclose(
        fit(half.astype(np.float32), labels, reference=half)(half, (1,)),
        full,
        atol=0.01,
    )


def test_several_labels_equal_single_ones():
    rng = np.random.default_rng(0)
    model = fit(*clouds(rng, 20, 20, 20))
    values, _ = clouds(rng, 5, 5, 5)
    every = model(values, (2, 9, 0))
    assert every.shape == (15, 3)
    for column, label in enumerate((2, 9, 0)):
        one = model(values, (label,))[:, 0]
        np.testing.assert_allclose(every[:, column], one, rtol=1e-5)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def probability(graph, node_labels, t, row, settings=STRONG):
    model = fit_label_model(graph, node_labels, settings)
    return model(label_model_inputs(graph.frames[t], settings)[[row]], (1,))[0, 0]


def test_label_model_is_fitted_on_labelled_superpixels(graph):
    node_labels = known_labels(graph.n, [(0, 1), (graph.n - 1, 0)])
    assert probability(graph, node_labels, 0, 0) > 0.55
    assert probability(graph, node_labels, -1, -1) < 0.45


def test_propagated_labels_have_less_weight_than_drawn_ones(graph):
    at = int(graph.offsets[2])
    drawn = [(0, 1), (graph.n - 1, 0)]
    drawn_only = probability(graph, known_labels(graph.n, drawn), 2, 0)
    propagated = probability(graph, known_labels(graph.n, drawn, [(at, 1)]), 2, 0)
    all_drawn = probability(graph, known_labels(graph.n, [*drawn, (at, 1)]), 2, 0)
    assert drawn_only < propagated < all_drawn


def test_node_features_are_inputs_unless_disabled(graph):
    frame = graph.frames[0]
    appearance = frame.appearance.astype(np.float32)
    inputs = label_model_inputs(frame, STRONG)
    np.testing.assert_array_equal(inputs, np.hstack([appearance, frame.node_features]))
    without = STRONG.model_copy(update={"node_features": False})
    np.testing.assert_array_equal(label_model_inputs(frame, without), appearance)


def test_motion_relative_to_the_camera_has_its_own_weight():
    names = "l", RESIDUAL_MOTION
    weights = label_model_weights(2, names, STRONG)
    assert weights.tolist() == [1, 1, NODE_FEATURE_WEIGHT, RESIDUAL_WEIGHT]
    without = STRONG.model_copy(update={"node_features": False})
    assert label_model_weights(2, names, without).tolist() == [1, 1]


def test_a_column_with_a_larger_weight_dominates():
    values = np.array([[-1.0, -1.0], [1.0, 1.0]])
    contradiction = np.array([[1.0, -1.0]])
    (equal,) = fit(values, np.array([0, 1]))(contradiction, (1,))
    (first,) = fit(values, np.array([0, 1]), columns=[3.0, 1.0])(contradiction, (1,))
    np.testing.assert_allclose(equal, 0.5, atol=1e-3)
    assert first > 0.6


def test_small_superpixels_have_less_weight():
    labels = np.zeros((20, 30), np.uint16)
    labels[:, 15:] = 1
    labels[3, 4:7] = 2
    weights = size_weights(plain_frame(labels), 1 / 7)
    full_weight_size = labels.size / 3 / 7
    np.testing.assert_allclose(weights, [1, 1, 3 / full_weight_size], rtol=1e-5)
    assert (size_weights(plain_frame(labels), 0) == 1).all()


def test_equal_appearance_with_two_labels_is_conflicting():
    appearance = np.array([[1, 2], [1, 2], [3, 4], [3, 4], [5, 6]], np.float16)
    labels = np.array([0, 1, 2, 2, 1], np.int16)
    assert has_conflicting_label(appearance, labels).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert has_conflicting_label(appearance[:0], labels[:0]).tolist() == []
