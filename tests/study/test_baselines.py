import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from napari_gnn_vos.structures.video_graph import Graph
from napari_gnn_vos.study.baselines import (
    BASELINES,
    CUT,
    Everywhere,
    graph_cut,
    seeds_alone,
)
from tests.scenes import random_graph


def inputs_of(n, **columns):
    out = np.zeros((n, len(INPUT_NAMES)), np.float32)
    for name, values in columns.items():
        out[:, INPUT_NAMES.index(name)] = values
    return out


def chain(*ties):
    """A row of superpixels on one frame; ties is how little neighbours look alike."""
    n = len(ties) + 1
    ends = np.array([[k, k + 1] for k in range(n - 1)]).T
    edges = np.concatenate([ends, ends[::-1]], axis=1).astype(np.int32)
    links = np.zeros((2 * (n - 1), len(LINK_NAMES)), np.float32)
    links[:, LINK_NAMES.index("touches")] = 1
    links[:, LINK_NAMES.index("far_a")] = [*ties, *ties]
    order = np.argsort(edges[1] * n + edges[0])
    nodes = Columns(np.zeros((n, 0), np.float32), ())
    return Graph(
        nodes, edges[:, order], Columns(links[order], LINK_NAMES), np.array([0, n])
    )


@pytest.mark.parametrize("name", BASELINES)
def test_a_probability_for_every_superpixel(name):
    rng = np.random.default_rng(0)
    graph = random_graph(rng).window()
    n = len(graph.nodes.values)
    chances = {k: rng.uniform(-1, 1, n) for k in ("label_model", "harmonic")}
    marks = {"drawn_it": rng.random(n) < 0.1, "drawn_other": rng.random(n) < 0.1}
    out = BASELINES[name](graph, inputs_of(n, **chances, **marks))
    assert out.shape == (n,)
    assert out.dtype == np.float32
    assert ((out >= 0) & (out <= 1)).all()


def test_alone_is_the_column_itself():
    graph = chain(0, 0)
    inputs = inputs_of(3, label_model=[-1, 0, 1], harmonic=[1, 0.5, -1])
    assert BASELINES["label model alone"](graph, inputs).tolist() == [0, 0.5, 1]
    assert BASELINES["label model + diffusion"](graph, inputs).tolist() == [1, 0.75, 0]


def test_the_cut_goes_where_neighbours_differ():
    # p = .9 .45 .1: the middle goes with the neighbour it looks like
    inputs = inputs_of(3, label_model=[0.8, -0.1, -0.8])
    assert graph_cut(chain(0, 5), inputs).tolist() == [1, 1, 0]
    assert graph_cut(chain(5, 0), inputs).tolist() == [1, 0, 0]


def test_weak_ties_leave_the_label_model_as_it_is():
    inputs = inputs_of(3, label_model=[0.8, -0.1, -0.8])
    assert graph_cut(chain(0, 5), inputs, strength=0.01).tolist() == [1, 0, 0]


def test_the_cut_keeps_to_what_is_drawn():
    inputs = inputs_of(3, label_model=-0.9, drawn_it=[0, 1, 0], drawn_other=[0, 0, 1])
    assert graph_cut(chain(9, 9), inputs).tolist() == [0, 1, 0]


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_no_labelling_is_cheaper_than_the_cut(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, frames=2).window()
    n = len(graph.nodes.values)
    p = rng.uniform(0.05, 0.95, n)
    found = graph_cut(graph, inputs_of(n, label_model=2 * p - 1))
    link = dict(zip(LINK_NAMES, graph.links.values.T.astype(float), strict=True))
    look = link["far_l"] + link["far_a"] + link["far_b"]
    share = np.maximum(link["share_out"], link["share_back"])
    tie = CUT * np.where(link["touches"] > 0, np.exp(-1.5 * look), share)
    every = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)

    def cost(labels):
        alone = np.where(labels, -np.log(p), -np.log(1 - p)).sum(axis=1)
        source, target = graph.edges
        return alone + (labels[:, source] != labels[:, target]) @ tie / 2

    best = cost(every).min()
    assert cost(found[None] > 0)[0] == pytest.approx(best, abs=1e-3 * len(tie))


def test_the_nearest_seed_along_the_graph():
    inputs = inputs_of(4, drawn_it=[1, 0, 0, 0], spread_other=[0, 0, 0, 1])
    out = seeds_alone(chain(1, 1, 5), inputs)
    assert (out > 0.5).tolist() == [True, True, True, False]
    out = seeds_alone(chain(5, 1, 1), inputs)
    assert (out > 0.5).tolist() == [True, False, False, False]


def test_only_seeds_of_the_object_make_all_of_it():
    assert (seeds_alone(chain(1, 1), inputs_of(3, drawn_it=[1, 0, 0])) > 0.99).all()
    assert (seeds_alone(chain(1, 1), inputs_of(3)) == 0.5).all()


def test_everywhere_is_each_label_on_the_whole_graph():
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    inputs = [rng.uniform(-1, 1, (2, n, 8)).astype(np.float32) for n in graph.counts]
    model = Everywhere(lambda window, told: told[:, 4] * len(window.nodes.values))
    found = list(model(graph, inputs.__getitem__, range(1, 4)))
    assert len(found) == 3
    for answer, told in zip(found, inputs[1:4], strict=True):
        np.testing.assert_array_equal(answer, told[:, :, 4] * np.float32(graph.n))
