import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.model import edge_block, fused, layout
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from napari_gnn_vos.model.sweep import FrameInput, Sweeper
from tests.scenes import random_graph


def network(graph, width=20, depth=12):
    torch.manual_seed(0)
    made = GatedGCN(
        len(graph.node_feature_names), len(graph.edge_feature_names), width, depth
    ).eval()
    with torch.no_grad():
        for weights in made.parameters():  # norms and offsets that are not 1 and 0
            weights += 0.1 * torch.randn_like(weights)
    return made


def feed(graph, labels=1, seed=0):
    rng = np.random.default_rng(seed)
    columns = len(graph.node_feature_names)
    nodes = [rng.random((labels, n, columns), np.float32) for n in graph.counts]

    def fed(t):
        return FrameInput(nodes[t], graph.incoming[t].edge_features, graph.incoming[t])

    return fed


def wanted(net, graph, fed, label):
    """The same by the layers as they are written, without kernels."""
    window = graph.window()
    count = len(graph.counts)
    nodes = np.concatenate([fed(t).nodes[label] for t in range(count)])
    incoming = EdgeIndex.of(torch.tensor(window.edge_index), len(nodes))
    edge_features = torch.tensor(window.edge_features.values)
    with torch.no_grad():
        out = net(torch.tensor(nodes)[:, None], edge_features, incoming)[:, 0]
    return np.split(out.numpy(), window.offsets[1:-1])


@pytest.mark.parametrize("width", [20, 10, 7])
@pytest.mark.parametrize("labels", [1, 3])
def test_the_same_as_the_layers_as_they_are_written(width, labels):
    graph = random_graph(np.random.default_rng(0), frames=8)
    net, fed = network(graph, width, 5), feed(graph, labels)
    found = list(Sweeper(net)(fed, graph.counts, range(8)))
    assert np.concatenate(found, axis=1).std() > 1e-2
    for label in range(labels):
        for rows, true in zip(found, wanted(net, graph, fed, label), strict=True):
            np.testing.assert_allclose(rows[label], true, rtol=1e-5, atol=1e-5)


@settings(max_examples=20)
@given(
    frames=st.integers(2, 40),
    ends=st.tuples(st.integers(0, 39), st.integers(0, 39)),
    depth=st.integers(1, 6),
)
def test_some_frames_get_the_answer_of_the_whole(frames, ends, depth):
    start, stop = min(ends), min(max(ends) + 1, frames)
    graph = random_graph(np.random.default_rng(frames), frames)
    sweeper, fed = Sweeper(network(graph, 8, depth)), feed(graph)
    whole = list(sweeper(fed, graph.counts, range(frames)))
    some = list(sweeper(fed, graph.counts, range(start, stop)))
    assert len(some) == max(stop - start, 0)
    for rows, true in zip(some, whole[start:stop], strict=True):
        np.testing.assert_array_equal(rows, true)


def test_no_more_frames_are_fed_than_matter_and_each_once():
    graph = random_graph(np.random.default_rng(0), 30)
    fed, seen = feed(graph), []

    def watched(t):
        seen.append(t)
        return fed(t)

    list(Sweeper(network(graph, 8, 4))(watched, graph.counts, range(15, 17)))
    assert seen == list(range(11, 21))


def test_a_sweep_that_is_given_up_ends_its_threads():
    graph = random_graph(np.random.default_rng(0), 30)
    answers = Sweeper(network(graph, 8, 4))(feed(graph), graph.counts, range(30))
    next(answers)
    answers.close()
    with pytest.raises(StopIteration):
        next(answers)


def test_weights_are_read_anew_for_every_sweeper():
    graph = random_graph(np.random.default_rng(0))
    net, fed = network(graph, 8, 2), feed(graph)
    before = np.concatenate(list(Sweeper(net)(fed, graph.counts, range(5))), axis=1)
    with torch.no_grad():
        net.layers[0].from_edge.weight += 1
    after = np.concatenate(list(Sweeper(net)(fed, graph.counts, range(5))), axis=1)
    assert np.abs(after - before).max() > 1e-3


def test_the_sigmoid_is_good_over_the_whole_range():
    gate = np.linspace(-60, 60, 3 * layout.BLOCK_EDGES, dtype=np.float32)
    true = 1 / (1 + np.exp(-gate.astype(np.float64)))
    blocks = gate.reshape(3, layout.BLOCK_EDGES).copy()
    near = blocks.copy(), np.arange(2), np.zeros((2, 2, 8), np.float32)
    edge_block.open_gates(blocks, *near)
    np.testing.assert_allclose(blocks.ravel(), true, rtol=1e-5)
    small = np.abs(gate) < 4  # where the product with log2(e) is hardly rounded
    np.testing.assert_allclose(blocks.ravel()[small], true[small], rtol=1e-6)


@given(edges=st.integers(0, 150), columns=st.integers(1, 13), width=st.integers(1, 20))
def test_every_edge_is_embedded_for_every_label(edges, columns, width):
    rng = np.random.default_rng(edges)
    edge_features = rng.random((edges, columns), np.float32)
    layer = torch.nn.Linear(columns, width)
    blocks = np.empty(
        (2, -(-edges // layout.BLOCK_EDGES), width, layout.BLOCK_EDGES), np.float32
    )
    fused.embed_edges(edge_features, layout.linear(layer), blocks)
    true = layer(torch.from_numpy(edge_features)).numpy(force=True)
    for made in blocks.transpose(0, 1, 3, 2).reshape(2, -1, width):
        np.testing.assert_allclose(made[:edges], true, rtol=1e-5, atol=1e-6)


@given(nodes=st.integers(0, 11), width=st.integers(1, 20))
def test_every_node_is_projected(nodes, width):
    rng = np.random.default_rng(nodes)
    states = rng.random((nodes, width), np.float32)
    weight, offset = (rng.random(shape, np.float32) for shape in ((width, 48), 48))
    out = np.full((nodes, 48), np.nan, np.float32)
    fused.project(states, layout.Linear(weight, offset), out)
    np.testing.assert_allclose(out, states @ weight + offset, rtol=1e-5)
