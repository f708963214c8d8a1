import numpy as np
import pytest

from napari_gnn_vos.interact import identity_labelling
from napari_gnn_vos.interact.identity_labelling import (
    any_object_probability,
    combine_any_object,
    divide_among_objects,
)
from tests.interact.node_labels import known_labels
from tests.scenes import random_graph


def odds(p):
    return p / (1 - p)


@pytest.fixture(scope="module")
def graph():
    return random_graph(np.random.default_rng(4), frames=6)


@pytest.fixture(scope="module")
def undecided(graph):
    """Equal probabilities of two objects."""
    return np.full((2, graph.n), 0.4, np.float32)


def whole(graph):
    return range(graph.shape[0])


def test_odds_of_any_object_are_the_geometric_mean():
    of_objects = np.array([[0.5], [0.75]], np.float32)  # odds 1 and 3
    combined = combine_any_object(of_objects, np.array([0.9], np.float32))
    np.testing.assert_allclose(odds(combined), [6], rtol=1e-5)


def test_sum_of_odds_is_the_estimate_without_that_of_any_object():
    of_objects = np.array([[0.5, 0], [0.75, 0]], np.float32)  # odds 1 and 3; 0 and 0
    any_object = any_object_probability(of_objects)
    np.testing.assert_allclose(odds(any_object), [4, 0], rtol=1e-5)
    combined = combine_any_object(of_objects, any_object)
    np.testing.assert_allclose(combined, any_object, rtol=1e-5)


def test_odds_of_the_objects_sum_to_those_of_any_object(graph):
    rng = np.random.default_rng(0)
    one_vs_rest = rng.uniform(0.01, 0.99, (3, graph.n)).astype(np.float32)
    any_object = rng.uniform(0.01, 0.99, graph.n).astype(np.float32)
    labels = known_labels(graph.n, [(0, 1), (9, 2), (30, 5), (31, 0)])
    divided = divide_among_objects(
        graph, labels, (1, 2, 5), one_vs_rest, any_object, whole(graph)
    )
    np.testing.assert_allclose(
        odds(divided).sum(axis=0), odds(any_object), rtol=1e-3, atol=1e-5
    )


def test_an_undecided_network_leaves_the_identity_to_the_only_stroke(graph, undecided):
    labels = known_labels(graph.n, [(0, 2)])
    any_object = np.full(graph.n, 0.9, np.float32)
    divided = divide_among_objects(
        graph, labels, (1, 2), undecided, any_object, whole(graph)
    )
    assert (odds(divided[1]) > 10 * odds(divided[0])).all()


def test_a_certain_network_decides_far_from_strokes(graph, undecided):
    certain = undecided.copy()
    first, second = graph.offsets[3:5]
    certain[:, second:] = [[0.9], [0.001]]
    labels = known_labels(graph.n, [(0, 2)])
    any_object = np.full(graph.n, 0.9, np.float32)
    any_object[first:second] = 0  # nothing joins the last frames with the stroke
    divided = divide_among_objects(
        graph, labels, (1, 2), certain, any_object, whole(graph)
    )
    assert (divided[0, second:] > 0.88).all()
    assert (divided[1, : graph.offsets[3]] > 0.8).all()


def test_outside_of_objects_the_network_decides(graph):
    one_vs_rest = np.tile(np.array([[0.3], [0.1]], np.float32), graph.n)
    any_object = np.full(graph.n, identity_labelling.INSIDE / 2, np.float32)
    divided = divide_among_objects(
        graph,
        known_labels(graph.n, [(0, 2)]),
        (1, 2),
        one_vs_rest,
        any_object,
        whole(graph),
    )
    ratio = odds(divided[0]) / odds(divided[1])
    np.testing.assert_allclose(ratio[1:], odds(0.3) / odds(0.1), rtol=1e-3)
    assert odds(divided[1, 0]) > 10 * odds(divided[0, 0])


def test_affinities_of_the_graph_are_not_changed(graph, undecided):
    """They are cached, and the harmonic labelling uses them, too."""
    arguments = (
        graph,
        known_labels(graph.n, [(0, 1), (20, 2)]),
        (1, 2),
        undecided,
        np.full(graph.n, 0.5, np.float32),
        whole(graph),
    )
    first, second = (divide_among_objects(*arguments) for _ in range(2))
    np.testing.assert_array_equal(first, second)
