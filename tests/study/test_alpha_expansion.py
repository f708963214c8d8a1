from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.study.alpha_expansion import (
    PottsModel,
    alpha_expansion,
    expansion_move,
)

SEEDS = st.integers(0, 10**6)


def random_field(seed, count, n=6):
    rng = np.random.default_rng(seed)
    pairs = np.stack(np.triu_indices(n, 1))
    pairs = pairs[:, rng.random(pairs.shape[1]) < 0.6]
    pairwise = rng.integers(0, 9, pairs.shape[1])
    unary = rng.integers(0, 30, (count, n))
    edges = np.concatenate([pairs, pairs[::-1]], axis=1)
    return rng, PottsModel(unary, edges, np.concatenate([pairwise, pairwise]))


def minimum_energy(field, *choices):
    """Find the minimum energy by enumerating all choices of labels per node."""
    return min(field.energy(np.array(labels)) for labels in product(*choices))


def test_energy_computed_by_hand():
    edges = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
    field = PottsModel(
        np.array([[1, 2, 3], [40, 50, 60]]), edges, np.array([7, 7, 9, 9])
    )
    assert field.energy(np.array([0, 0, 0])) == 6
    assert field.energy(np.array([0, 1, 1])) == 1 + 50 + 60 + 2 * 7
    assert field.energy(np.array([0, 1, 0])) == 1 + 50 + 3 + 2 * 7 + 2 * 9


@settings(max_examples=40)
@given(seed=SEEDS)
def test_two_labels_have_the_minimum_energy(seed):
    _, field = random_field(seed, 2, n=8)
    assert field.energy(alpha_expansion(field)) == minimum_energy(field, *[(0, 1)] * 8)


@settings(max_examples=40)
@given(seed=SEEDS, count=st.integers(2, 5))
def test_expansion_move_has_the_minimum_energy(seed, count):
    rng, field = random_field(seed, count)
    labels = rng.integers(0, count, 6)
    for label in range(count):
        result = expansion_move(field, labels, label)
        assert ((result == labels) | (result == label)).all()
        assert field.energy(result) <= field.energy(labels)
        assert field.energy(result) == minimum_energy(
            field, *[{k, label} for k in labels]
        )


@settings(max_examples=40)
@given(seed=SEEDS)
def test_no_expansion_move_improves_the_result(seed):
    _, field = random_field(seed, 3)
    result = alpha_expansion(field)
    energy = field.energy(result)
    assert energy <= field.energy(np.zeros(6, int))
    assert energy <= 2 * minimum_energy(field, *[range(3)] * 6)
    for label in range(3):
        assert field.energy(expansion_move(field, result, label)) == energy


@pytest.mark.parametrize("label", [0, 1])
def test_nodes_with_label_alpha_keep_it(label):
    _, field = random_field(0, 2)
    labels = np.full(6, label)
    assert expansion_move(field, labels, label).tolist() == labels.tolist()


def test_labels_of_equal_energy_are_not_changed():
    field = PottsModel(
        np.array([[3, 3], [3, 3]]), np.zeros((2, 0), int), np.zeros(0, int)
    )
    assert alpha_expansion(field).tolist() == [0, 0]
