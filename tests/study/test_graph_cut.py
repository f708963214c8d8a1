import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.study.graph_cut import SMOOTHNESS, graph_cut, potts_model
from tests.scenes import random_graph
from tests.study.graphs import chain, node_inputs_of


def test_cut_separates_neighbours_of_different_colour():
    # p = .9 .45 .1: the middle takes the label of the neighbour of similar colour
    inputs = node_inputs_of((1, 3), label_model=[0.8, -0.1, -0.8])
    assert graph_cut(chain(0, 5), inputs).tolist() == [[1, 1, 0]]
    assert graph_cut(chain(5, 0), inputs).tolist() == [[1, 0, 0]]


def test_small_pairwise_weight_keeps_the_labels_of_the_label_model():
    inputs = node_inputs_of((1, 3), label_model=[0.8, -0.1, -0.8])
    assert graph_cut(chain(0, 5), inputs, strength=0.01).tolist() == [[1, 0, 0]]


def test_label_of_two_objects_minimises_unary_plus_pairwise_cost():
    # p = .9 .6 .1 and .1 .7 .9: the middle prefers the second object, by less than
    # the cost of a cut edge
    probabilities = [[0.8, 0.2, -0.8], [-0.8, 0.4, 0.8]]
    inputs = node_inputs_of((2, 3), label_model=probabilities)
    assert graph_cut(chain(5, 5), inputs).tolist() == [[1, 0, 0], [0, 1, 1]]
    assert graph_cut(chain(0, 5), inputs).tolist() == [[1, 1, 0], [0, 0, 1]]


def test_costs_of_two_superpixels_computed_by_hand():
    inputs = node_inputs_of(
        (2, 2), label_model=[[0.8, 0], [-0.5, 0]]
    )  # p = .9 .5, .25 .5
    field = potts_model(chain(2), inputs, strength=3)
    costs = -np.log([[0.1 * 0.75, 0.25], [0.9, 0.5], [0.25, 0.5]])
    np.testing.assert_allclose(field.unary, 2000 * costs, atol=1.01)
    assert field.pairwise.tolist() == [round(3000 * np.exp(-3))] * 2


@pytest.mark.parametrize("strength", [0.0, 2.0, 100.0])
def test_cut_preserves_drawn_labels(strength):
    rng = np.random.default_rng(0)
    graph = random_graph(rng, frames=8).window()
    n = len(graph.node_features.values)
    drawn = rng.integers(-1, 4, n)  # -1 for nothing, 0 for background
    objects = np.arange(1, 4)[:, None]
    inputs = node_inputs_of(
        (3, n),
        label_model=rng.uniform(-1, 1, (3, n)),
        drawn_target=drawn == objects,
        drawn_rest=(drawn >= 0) & (drawn != objects),
    )
    labels = graph_cut(graph, inputs, strength)
    known = drawn >= 0
    assert (labels[:, known] == (drawn == objects)[:, known]).all()
    assert (labels.sum(axis=0) <= 1).all()


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_cut_has_the_minimum_energy_of_all_labellings(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, frames=2).window()
    n = len(graph.node_features.values)
    p = rng.uniform(0.05, 0.95, n)
    (cut,) = graph_cut(graph, node_inputs_of((1, n), label_model=2 * p - 1))
    feature = dict(
        zip(EDGE_FEATURE_NAMES, graph.edge_features.values.T.astype(float), strict=True)
    )
    difference = feature["delta_l"] + feature["delta_a"] + feature["delta_b"]
    share = np.maximum(feature["flow_share_source"], feature["flow_share_target"])
    pairwise = SMOOTHNESS * np.where(
        feature["is_spatial"] > 0, np.exp(-1.5 * difference), share
    )
    labellings = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)

    def cost(labels):
        unary = np.where(labels, -np.log(p), -np.log(1 - p)).sum(axis=1)
        source, target = graph.edge_index
        return unary + (labels[:, source] != labels[:, target]) @ pairwise / 2

    best = cost(labellings).min()
    assert cost(cut[None] > 0)[0] == pytest.approx(best, abs=1e-3 * len(pairwise))
