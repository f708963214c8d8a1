import numpy as np
import pytest
import torch

from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN, GatedGCNLayer
from napari_gnn_vos.model.kernels import EPS
from tests.scenes import any_weights, random_graph

N, E, H = 9, 30, 6


def sorted_by_target(index):
    order = torch.argsort(index[1] * 1000 + index[0])
    return index[:, order], order


@pytest.fixture
def parts():
    torch.manual_seed(0)
    index, _ = sorted_by_target(torch.randint(N - 1, (2, E)))  # the last has no edge
    return torch.randn(N, H), torch.randn(E, H), index


@pytest.fixture
def layer():
    return any_weights(GatedGCNLayer(H))


def by_loops(layer, nodes, edges, index):
    """The formula of the paper, an edge at a time."""
    (a, d), (b, f) = (
        layer.from_target.weight.chunk(2),
        layer.from_source.weight.chunk(2),
    )
    a_0, d_0 = layer.from_target.bias.chunk(2)
    b_0, f_0 = layer.from_source.bias.chunk(2)
    gates = torch.stack(
        [
            layer.from_edge(edges[e])
            + (d @ nodes[index[1, e]] + d_0)
            + (f @ nodes[index[0, e]] + f_0)
            for e in range(E)
        ]
    )
    update = []
    for i in range(N):
        top, bottom = torch.zeros(H), torch.zeros(H)
        for e in range(E):
            if index[1, e] == i:
                weight = torch.sigmoid(gates[e])
                top = top + weight * (b @ nodes[index[0, e]] + b_0)
                bottom = bottom + weight
        update.append(a @ nodes[i] + a_0 + top / (bottom + EPS))
    out = nodes + torch.relu(layer.norm_node(torch.stack(update)))
    return out, edges + torch.relu(layer.norm_edge(gates))


def test_matches_the_formula_written_as_loops(layer, parts):
    nodes, edges, index = parts
    out = layer(nodes, edges, EdgeIndex.of(index, N))
    wanted = by_loops(layer, nodes, edges, index)
    for one, other in zip(out, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", ["_fused", "_plain"])
def test_gradients_are_those_of_the_loops(layer, parts, way, monkeypatch):
    monkeypatch.setattr(layer, "_fused", getattr(layer, way))
    nodes, edges, index = parts
    goals = torch.randn(N, H), torch.randn(E, H)

    def gradients(run):
        inputs = nodes.clone().requires_grad_(), edges.clone().requires_grad_()
        out = run(*inputs)
        loss = sum((o * g).sum() for o, g in zip(out, goals, strict=True))
        return torch.autograd.grad(loss, [*inputs, *layer.parameters()])

    found = gradients(lambda n, e: layer(n, e, EdgeIndex.of(index, N)))
    wanted = gradients(lambda n, e: by_loops(layer, n, e, index))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_the_nodes_have_no_order(layer, parts):
    nodes, edges, index = parts
    new = torch.randperm(N)  # new[i]: what node i is called now
    moved = torch.empty_like(nodes)
    moved[new] = nodes
    index_moved, order = sorted_by_target(new[index])
    out, edge_index = layer(nodes, edges, EdgeIndex.of(index, N))
    out_moved, ties_moved = layer(moved, edges[order], EdgeIndex.of(index_moved, N))
    torch.testing.assert_close(out_moved[new], out)
    torch.testing.assert_close(ties_moved, edge_index[order])


def test_ends_of_the_edges(parts):
    *_, index = parts
    edge_index = EdgeIndex.of(index, N)
    for node in range(N):
        mine = slice(int(edge_index.start[node]), int(edge_index.start[node + 1]))
        assert (edge_index.target[mine] == node).all()
    assert int(edge_index.start[-1]) == E
    assert edge_index.source.tolist() == index[0].tolist()


def small_network(graph, depth):
    torch.manual_seed(2)
    sizes = len(graph.node_features.names), len(graph.edge_features.names)
    return GatedGCN(*sizes, width=8, depth=depth).eval()


def answer(network, graph):
    index = torch.tensor(graph.edge_index)
    with torch.no_grad():
        return network(
            torch.tensor(graph.node_features.values),
            torch.tensor(graph.edge_features.values),
            EdgeIndex.of(index, len(graph.node_features.values)),
        )


@pytest.mark.parametrize("depth", [1, 3])
def test_a_window_with_a_margin_of_its_depth_gives_the_same_answer(depth):
    graph = random_graph(np.random.default_rng(0), frames=10).window()
    network = small_network(graph, depth)
    piece, rows = graph.cut(4 - depth, 5 + depth)
    begin, end = (int(graph.offsets[t]) for t in (4, 5))
    inside = answer(network, piece)[begin - rows.start : end - rows.start]
    whole = answer(network, graph)[begin:end]
    torch.testing.assert_close(inside, whole, rtol=1e-6, atol=1e-6)
    narrow, rows = graph.cut(5 - depth, 4 + depth)
    less = answer(network, narrow)[begin - rows.start : end - rows.start]
    assert (less - whole).abs().max() > 1e-5  # one frame less is too few


def test_dropout_only_while_training():
    graph = random_graph(np.random.default_rng(0)).window()
    network = GatedGCN(
        len(graph.node_features.names), len(graph.edge_features.names), 8, 2, 0.5
    )
    assert (answer(network.train(), graph) != answer(network, graph)).any()
    network.eval()
    torch.testing.assert_close(answer(network, graph), answer(network, graph))
