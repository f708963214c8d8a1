"""Messages a chunk at a time are those of all edges at once."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.model import chunks
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN, GatedGCNLayer
from tests.scenes import any_weights

WIDTH = 6


def layer():
    return any_weights(GatedGCNLayer(WIDTH))


def graph(nodes, edges, seed=0):
    torch.manual_seed(seed)
    index = torch.randint(nodes, (2, edges))
    return EdgeIndex.of(index[:, torch.argsort(index[1], stable=True)], nodes)


@given(
    nodes=st.integers(1, 12),
    edges=st.integers(0, 40),
    labels=st.integers(1, 3),
    chunk=st.integers(1, 50),
)
def test_chunks_give_what_all_edges_at_once_give(nodes, edges, labels, chunk):
    one, edge_index = layer(), graph(nodes, edges)
    states = torch.randn(nodes, labels, WIDTH)
    edge_features = torch.randn(edges, labels, WIDTH)
    wanted = one(states, edge_features, edge_index)
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(chunks, "CHUNK", chunk)
        found = one(states, edge_features.clone(), edge_index)
    for some, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(some, other.detach(), rtol=1e-4, atol=1e-5)


def test_what_a_network_is_fed_with_stays_as_it_is():
    torch.manual_seed(0)
    network, edge_index = GatedGCN(4, 3, WIDTH, depth=2).eval(), graph(9, 30)
    nodes, edges = torch.randn(9, 2, 4), torch.randn(30, 3)
    before = nodes.clone(), edges.clone()
    with torch.inference_mode():
        found = network(nodes, edges, edge_index)
    torch.testing.assert_close((nodes, edges), before)
    torch.testing.assert_close(found, network(nodes, edges, edge_index).detach())


def test_an_error_in_a_chunk_is_told():
    edge_index = graph(9, 30)
    with torch.no_grad(), pytest.raises(RuntimeError):
        layer()(torch.randn(9, 1, WIDTH), torch.randn(30, 1, WIDTH + 1), edge_index)
