import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.interact import harmonic
from napari_gnn_vos.interact.harmonic import (
    BETWEEN,
    DRAWN,
    PRIOR,
    SPREAD,
    WITHIN,
    diffuse,
)
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from tests.scenes import random_graph


def node_labels(n, drawn=None, propagated=None):
    known = [np.full(n, UNLABELLED, np.int16) for _ in range(3)]
    for target, some in zip(known, (drawn, propagated), strict=False):
        for at, label in (some or {}).items():
            target[at] = label
    return SuperpixelLabels(*known)


def dense(graph, known, label, prior):
    """The same system of equations, written as loops and solved exactly."""
    n, graph = len(prior), graph.window()
    system, right = np.zeros((n, n)), np.zeros(n)
    names = graph.edge_features.names
    for (a, b), row in zip(
        graph.edge_index.T, graph.edge_features.values.astype(float), strict=True
    ):
        link = dict(zip(names, row, strict=True))
        look = (
            link["delta_l"]
            + link["delta_a"]
            + link["delta_b"]
            + link["delta_motion_next"]
        )
        tie = BETWEEN * max(link["flow_share_source"], link["flow_share_target"])
        if link["is_spatial"]:
            tie = (
                WITHIN
                * 4
                * max(link["border_share_source"], link["border_share_target"])
            )
        system[b, a] -= np.exp(-1.5 * look) * tie
        system[b, b] += np.exp(-1.5 * look) * tie
    for k in range(n):
        system[k, k] += PRIOR
        right[k] += PRIOR * prior[k]
        for source, weight in ((known.drawn, DRAWN), (known.propagated, SPREAD)):
            if source[k] != UNLABELLED:
                system[k, k] += weight
                right[k] += weight * (source[k] == label)
    return np.linalg.solve(system, right)


@given(seed=st.integers(0, 10**6))
def test_the_same_as_solving_the_dense_system(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng)
    n = graph.n
    known = node_labels(n, {0: 1, n - 1: 2, n // 2: 0}, {3: 1, n - 3: 2})
    priors = {label: rng.random(n, np.float32) for label in (1, 2)}
    for label, found in diffuse(graph, known, priors, range(graph.shape[0])).items():
        assert found.dtype == np.float32
        far = np.abs(found - dense(graph, known, label, priors[label]))
        assert far.max() < 0.03
        assert far.mean() < 0.01


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(1))


def test_seeds_are_held_and_reach_their_neighbours(graph):
    n = graph.n
    prior = np.full(n, 0.5, np.float32)
    held = diffuse(graph, node_labels(n, {4: 1}), {1: prior}, range(5))[1]
    assert held[4] > 0.95
    assert held.mean() > 0.5
    other = diffuse(graph, node_labels(n, {4: 2}), {1: prior}, range(5))[1]
    assert other[4] < 0.05
    assert other.mean() < 0.5


def test_a_drawn_seed_beats_a_spread_one(graph):
    n = graph.n
    half = np.full(n, 0.5, np.float32)
    assert (
        diffuse(graph, node_labels(n, {4: 1}, {4: 2}), {1: half}, range(5))[1][4] > 0.9
    )


def test_without_seeds_a_steady_prior_stays(graph):
    n = graph.n
    prior = np.full(n, 0.3, np.float32)
    np.testing.assert_allclose(
        diffuse(graph, node_labels(n), {1: prior}, range(5))[1], prior, atol=1e-3
    )


def test_a_long_video_in_windows_is_nearly_the_same(monkeypatch):
    rng = np.random.default_rng(3)
    graph = random_graph(rng, frames=90)
    n = graph.n
    known = node_labels(n, {0: 1, n // 2: 2, n - 1: 1}, {9: 2})
    priors = {1: rng.random(n, np.float32), 2: rng.random(n, np.float32)}
    whole = diffuse(graph, known, priors, range(graph.shape[0]))
    monkeypatch.setattr(harmonic, "WINDOW", 20)
    monkeypatch.setattr(harmonic, "MARGIN", 15)
    assert len(list(harmonic._windows(range(90)))) == 4
    pieces = diffuse(graph, known, priors, range(graph.shape[0]))
    for label, chance in whole.items():
        np.testing.assert_allclose(pieces[label], chance, atol=0.02)


@given(begin=st.integers(0, 50), count=st.integers(1, 900))
def test_windows_take_every_frame_once(begin, count):
    frames = range(begin, begin + count)
    windows = list(harmonic._windows(frames))
    assert [t for _, kept in windows for t in kept] == list(frames)
    for span, kept in windows:
        assert span.start == max(kept.start - harmonic.MARGIN, frames.start)
        assert span.stop == min(kept.stop + harmonic.MARGIN, frames.stop)
        assert len(span) <= harmonic.WINDOW + 2 * harmonic.MARGIN


def test_elsewhere_the_prior_stays():
    rng = np.random.default_rng(3)
    graph = random_graph(rng, frames=9)
    prior = rng.random(graph.n, np.float32)
    found = diffuse(graph, node_labels(graph.n, {0: 1}), {1: prior}, range(3, 6))[1]
    inside = slice(graph.offsets[3], graph.offsets[6])
    assert (found[inside] != prior[inside]).any()
    found[inside] = prior[inside]
    np.testing.assert_array_equal(found, prior)
