import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_model import LabelModel


def clouds(rng, *counts, apart=6.0, columns=5):
    """Points around centres a distance apart, and which centre they are around."""
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = apart * np.eye(len(counts), columns)
    return centres[labels] + rng.normal(size=(len(labels), columns)), labels


def fit(known, labels, weight=None, reference=None, strength=1.0, columns=1.0):
    weight = np.ones(len(labels)) if weight is None else weight
    reference = known if reference is None else reference
    settings = LabelModelSettings(inverse_regularization=strength)
    column_weights = np.broadcast_to(columns, known.shape[1:])
    return LabelModel(known, labels, weight, reference, column_weights, settings)


def test_what_looks_alike_gets_the_label():
    rng = np.random.default_rng(0)
    model = fit(*clouds(rng, 20, 20, 20))
    values, labels = clouds(rng, 50, 50, 50)
    for label in (1, 2):
        chance = model(values, (label,))[:, 0]
        assert chance.dtype == np.float32
        assert ((chance > 0.5) == (labels == label)).mean() > 0.95


def test_a_label_never_seen_or_the_only_one():
    rng = np.random.default_rng(0)
    values, labels = clouds(rng, 10, 10)
    assert (fit(values, labels)(values, (7,)) == 0.5).all()
    assert (fit(values, 0 * labels + 1)(values, (1,)) == 0.5).all()


def test_few_count_as_much_as_many():
    rng = np.random.default_rng(0)
    values, labels = clouds(rng, 500, 5)
    middle = np.array([values[labels == k].mean(axis=0) for k in (0, 1)]).mean(axis=0)
    (chance,) = fit(values, labels)(middle[None], (1,))
    assert 0.25 < chance < 0.75


def test_a_weight_of_next_to_nothing_is_not_there():
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
def test_scale_and_shift_of_the_features_do_not_matter(seed, scale, shift):
    values, labels = clouds(np.random.default_rng(seed), 15, 15)
    plain = fit(values, labels)(values, (1,))
    moved = values * scale + shift
    np.testing.assert_allclose(fit(moved, labels)(moved, (1,)), plain, atol=0.03)


@pytest.mark.parametrize("far", [1e4, -1e4])
def test_far_away_is_still_a_probability(far):
    values, labels = clouds(np.random.default_rng(0), 10, 10)
    chance = fit(values, labels)(np.full((3, 5), far), (1,))
    assert np.isfinite(chance).all()
    assert ((chance >= 0) & (chance <= 1)).all()


def test_half_precision_will_do():
    values, labels = clouds(np.random.default_rng(0), 10, 10)
    full = fit(values, labels)(values, (1,))
    half = values.astype(np.float16)
    np.testing.assert_allclose(
        fit(half.astype(np.float32), labels, reference=half)(half, (1,)),
        full,
        atol=0.01,
    )


def test_several_labels_at_once():
    rng = np.random.default_rng(0)
    model = fit(*clouds(rng, 20, 20, 20))
    values, _ = clouds(rng, 5, 5, 5)
    every = model(values, (2, 9, 0))
    assert every.shape == (15, 3)
    for column, label in enumerate((2, 9, 0)):
        one = model(values, (label,))[:, 0]
        np.testing.assert_allclose(every[:, column], one, rtol=1e-5)


def test_a_column_with_a_larger_weight_decides():
    known = np.array([[-1.0, -1.0], [1.0, 1.0]])
    contradiction = np.array([[1.0, -1.0]])
    (equal,) = fit(known, np.array([0, 1]))(contradiction, (1,))
    (first,) = fit(known, np.array([0, 1]), columns=[3.0, 1.0])(contradiction, (1,))
    np.testing.assert_allclose(equal, 0.5, atol=1e-3)
    assert first > 0.6
