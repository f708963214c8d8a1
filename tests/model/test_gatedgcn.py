import numpy as np
import pytest
import torch

from napari_gnn_vos.model.backends.compiled.autograd import apply_layer
from napari_gnn_vos.model.gatedgcn import EPS, EdgeIndex, GatedGCN, GatedGCNLayer
from tests.scenes import any_weights, random_graph

N, E, H = 9, 30, 6


def sorted_by_target(index):
    order = torch.argsort(index[1] * 1000 + index[0])
    return index[:, order], order


@pytest.fixture
def parts():
    torch.manual_seed(0)
    index, _ = sorted_by_target(torch.randint(N - 1, (2, E)))  # one isolated node
    return torch.randn(N, H), torch.randn(E, H), index


@pytest.fixture
def layer():
    return any_weights(GatedGCNLayer(H))


def by_loops(layer, nodes, edges, index):
    """Evaluate the formula of the paper edge by edge."""
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
    expected = by_loops(layer, nodes, edges, index)
    for states, true in zip(out, expected, strict=True):
        torch.testing.assert_close(states, true, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("apply", [GatedGCNLayer.__call__, apply_layer])
def test_gradients_are_those_of_the_loops(layer, parts, apply):
    nodes, edges, index = parts
    weights = torch.randn(N, H), torch.randn(E, H)

    def gradients(run):
        inputs = nodes.clone().requires_grad_(), edges.clone().requires_grad_()
        out = run(*inputs)
        loss = sum((o * w).sum() for o, w in zip(out, weights, strict=True))
        return torch.autograd.grad(loss, [*inputs, *layer.parameters()])

    actual = gradients(lambda n, e: apply(layer, n, e, EdgeIndex.of(index, N)))
    expected = gradients(lambda n, e: by_loops(layer, n, e, index))
    for value, true in zip(actual, expected, strict=True):
        torch.testing.assert_close(value, true, rtol=1e-3, atol=1e-4)


def test_layer_is_equivariant_to_permutation_of_nodes(layer, parts):
    nodes, edges, index = parts
    new = torch.randperm(N)  # new number of each node
    moved = torch.empty_like(nodes)
    moved[new] = nodes
    index_moved, order = sorted_by_target(new[index])
    out, edges_out = layer(nodes, edges, EdgeIndex.of(index, N))
    out_moved, edges_moved = layer(moved, edges[order], EdgeIndex.of(index_moved, N))
    torch.testing.assert_close(out_moved[new], out)
    torch.testing.assert_close(edges_moved, edges_out[order])


def test_csr_offsets_of_the_edge_index(parts):
    *_, index = parts
    edge_index = EdgeIndex.of(index, N)
    for node in range(N):
        incoming = slice(int(edge_index.start[node]), int(edge_index.start[node + 1]))
        assert (edge_index.target[incoming] == node).all()
    assert int(edge_index.start[-1]) == E
    assert edge_index.source.tolist() == index[0].tolist()


def small_network(graph, depth):
    torch.manual_seed(2)
    sizes = len(graph.node_features.names), len(graph.edge_features.names)
    return GatedGCN(*sizes, width=8, depth=depth).eval()


def logits_of(network, graph):
    index = torch.tensor(graph.edge_index)
    with torch.no_grad():
        return network(
            torch.tensor(graph.node_features.values),
            torch.tensor(graph.edge_features.values),
            EdgeIndex.of(index, len(graph.node_features.values)),
        )


@pytest.mark.parametrize("depth", [1, 3])
def test_window_with_a_margin_of_the_depth_has_the_same_logits(depth):
    graph = random_graph(np.random.default_rng(0), frames=10).window()
    network = small_network(graph, depth)
    piece, rows = graph.subgraph(4 - depth, 5 + depth)
    begin, end = (int(graph.offsets[t]) for t in (4, 5))
    inside = logits_of(network, piece)[begin - rows.start : end - rows.start]
    whole = logits_of(network, graph)[begin:end]
    torch.testing.assert_close(inside, whole, rtol=1e-6, atol=1e-6)
    narrow, rows = graph.subgraph(5 - depth, 4 + depth)
    narrower = logits_of(network, narrow)[begin - rows.start : end - rows.start]
    assert (
        narrower - whole
    ).abs().max() > 1e-5  # a margin of one frame less is too narrow


def test_dropout_in_training_mode_only():
    graph = random_graph(np.random.default_rng(0)).window()
    network = GatedGCN(
        len(graph.node_features.names), len(graph.edge_features.names), 8, 2, 0.5
    )
    assert (logits_of(network.train(), graph) != logits_of(network, graph)).any()
    network.eval()
    torch.testing.assert_close(logits_of(network, graph), logits_of(network, graph))
