import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.model.backends import chunked_layers
from napari_gnn_vos.model.backends.chunked_layers import apply_layer, chunked_logits
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN, GatedGCNLayer
from tests.scenes import any_weights

WIDTH = 6


def layer():
    return any_weights(GatedGCNLayer(WIDTH))


def random_edge_index(nodes, edges, seed=0):
    torch.manual_seed(seed)
    index = torch.randint(nodes, (2, edges))
    return EdgeIndex.of(index[:, torch.argsort(index[1], stable=True)], nodes)


@given(
    nodes=st.integers(1, 12),
    edges=st.integers(0, 40),
    labels=st.integers(1, 3),
    chunk=st.integers(1, 50),
)
def test_chunks_give_the_states_of_the_reference(nodes, edges, labels, chunk):
    reference, edge_index = layer(), random_edge_index(nodes, edges)
    node_states = torch.randn(nodes, labels, WIDTH)
    edge_states = torch.randn(edges, labels, WIDTH)
    expected = reference(node_states, edge_states, edge_index)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunked_layers, "CHUNK_EDGES", chunk)
        new_nodes = apply_layer(reference, node_states, edge_states, edge_index)
    for states, true in zip((new_nodes, edge_states), expected, strict=True):
        torch.testing.assert_close(states, true.detach(), rtol=1e-4, atol=1e-5)


def test_logits_are_those_of_the_reference_and_inputs_are_not_modified():
    torch.manual_seed(0)
    network = GatedGCN(4, 3, WIDTH, depth=2).eval()
    nodes, edges, edge_index = (
        torch.randn(9, 2, 4),
        torch.randn(30, 3),
        random_edge_index(9, 30),
    )
    original = nodes.clone(), edges.clone()
    logits = chunked_logits(network, nodes, edges, edge_index)
    torch.testing.assert_close((nodes, edges), original, rtol=0, atol=0)
    expected = network(nodes, edges, edge_index).detach()
    torch.testing.assert_close(logits, expected)


def test_error_in_a_chunk_is_raised():
    edge_index = random_edge_index(9, 30)
    with pytest.raises(RuntimeError):
        apply_layer(
            layer(), torch.randn(9, 1, WIDTH), torch.randn(30, 1, WIDTH + 1), edge_index
        )
