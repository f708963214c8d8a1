import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.interact import harmonic
from napari_gnn_vos.interact.harmonic import (
    CAUSAL_WEIGHT,
    DEFAULT_PARAMETERS,
    SPATIAL_WEIGHT,
    HarmonicParameters,
    solve_harmonic,
)
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED
from tests.interact.node_labels import known_labels
from tests.scenes import random_graph


def node_labels(n, drawn=None, propagated=None):
    """Known labels of `n` superpixels from {superpixel: label}."""
    return known_labels(n, (drawn or {}).items(), (propagated or {}).items())


def solve_dense(graph, known, label, prior):
    """Assemble the same linear system in loops and solve it exactly."""
    n, graph = len(prior), graph.window()
    system, right_side = np.zeros((n, n)), np.zeros(n)
    for (source, target), features in zip(
        graph.edge_index.T, graph.edge_features.values.astype(float), strict=True
    ):
        weight = affinity(dict(zip(graph.edge_features.names, features, strict=True)))
        system[target, source] -= weight
        system[target, target] += weight
    for k in range(n):
        system[k, k] += DEFAULT_PARAMETERS.prior
        right_side[k] += DEFAULT_PARAMETERS.prior * prior[k]
        for labels, weight in (
            (known.drawn, DEFAULT_PARAMETERS.drawn),
            (known.propagated, DEFAULT_PARAMETERS.propagated),
        ):
            if labels[k] != UNLABELLED:
                system[k, k] += weight
                right_side[k] += weight * (labels[k] == label)
    return np.linalg.solve(system, right_side)


def affinity(edge):
    difference = edge["delta_l"] + edge["delta_a"] + edge["delta_b"]
    difference += edge["delta_motion_next"]
    border = max(edge["border_share_source"], edge["border_share_target"])
    overlap = max(edge["flow_share_source"], edge["flow_share_target"])
    weight = CAUSAL_WEIGHT * overlap
    if edge["is_spatial"]:
        weight = SPATIAL_WEIGHT * 4 * border
    return np.exp(-1.5 * difference) * weight


def errors(seed, parameters):
    """Absolute differences to the exact solution on a random graph, (2, N)."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng)
    n = graph.n
    known = node_labels(n, {0: 1, n - 1: 2, n // 2: 0}, {3: 1, n - 3: 2})
    priors = {label: rng.random(n, np.float32) for label in (1, 2)}
    solution = solve_harmonic(
        graph, known, priors, range(graph.shape[0]), parameters=parameters
    )
    assert all(probability.dtype == np.float32 for probability in solution.values())
    return np.abs(
        [x - solve_dense(graph, known, k, priors[k]) for k, x in solution.items()]
    )


@given(seed=st.integers(0, 10**6))
def test_solution_equals_the_dense_system(seed):
    assert (
        errors(seed, HarmonicParameters(iterations=1000, tolerance=1e-10)).max() < 0.002
    )


@given(seed=st.integers(0, 10**6))
def test_default_accuracy_is_enough_for_labels(seed):
    error = errors(seed, DEFAULT_PARAMETERS)
    assert error.max() < 0.06
    assert error.mean() < 0.02


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(1))


def test_seeds_keep_their_label_and_influence_neighbours(graph):
    n = graph.n
    prior = np.full(n, 0.5, np.float32)
    labelled = solve_harmonic(graph, node_labels(n, {4: 1}), {1: prior}, range(5))[1]
    assert labelled[4] > 0.95
    assert labelled.mean() > 0.5
    opposed = solve_harmonic(graph, node_labels(n, {4: 2}), {1: prior}, range(5))[1]
    assert opposed[4] < 0.05
    assert opposed.mean() < 0.5


def test_drawn_label_outweighs_a_propagated_one(graph):
    n = graph.n
    half = np.full(n, 0.5, np.float32)
    assert (
        solve_harmonic(graph, node_labels(n, {4: 1}, {4: 2}), {1: half}, range(5))[1][4]
        > 0.9
    )


def test_constant_prior_is_unchanged_without_seeds(graph):
    n = graph.n
    prior = np.full(n, 0.3, np.float32)
    np.testing.assert_allclose(
        solve_harmonic(graph, node_labels(n), {1: prior}, range(5))[1], prior, atol=1e-3
    )


def test_windows_approximate_the_solution_of_the_whole_video(monkeypatch):
    rng = np.random.default_rng(3)
    graph = random_graph(rng, frames=90)
    n = graph.n
    known = node_labels(n, {0: 1, n // 2: 2, n - 1: 1}, {9: 2})
    priors = {1: rng.random(n, np.float32), 2: rng.random(n, np.float32)}
    whole = solve_harmonic(graph, known, priors, range(graph.shape[0]))
    monkeypatch.setattr(harmonic, "WINDOW_FRAMES", 20)
    monkeypatch.setattr(harmonic, "MARGIN_FRAMES", 15)
    assert len(list(harmonic.solution_windows(range(90)))) == 4
    windowed = solve_harmonic(graph, known, priors, range(graph.shape[0]))
    for label, expected in whole.items():
        np.testing.assert_allclose(windowed[label], expected, atol=0.02)


@given(begin=st.integers(0, 50), count=st.integers(1, 900))
def test_windows_keep_each_frame_once(begin, count):
    frames = range(begin, begin + count)
    windows = list(harmonic.solution_windows(frames))
    assert [t for _, kept in windows for t in kept] == list(frames)
    for span, kept in windows:
        assert span.start == max(kept.start - harmonic.MARGIN_FRAMES, frames.start)
        assert span.stop == min(kept.stop + harmonic.MARGIN_FRAMES, frames.stop)
        assert len(span) <= harmonic.WINDOW_FRAMES + 2 * harmonic.MARGIN_FRAMES


def test_other_frames_keep_the_prior():
    rng = np.random.default_rng(3)
    graph = random_graph(rng, frames=9)
    prior = rng.random(graph.n, np.float32)
    probability = solve_harmonic(
        graph, node_labels(graph.n, {0: 1}), {1: prior}, range(3, 6)
    )[1]
    inside = slice(graph.offsets[3], graph.offsets[6])
    assert (probability[inside] != prior[inside]).any()
    probability[inside] = prior[inside]
    np.testing.assert_array_equal(probability, prior)
