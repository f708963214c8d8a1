from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.model import infer
from napari_gnn_vos.model.gatedgcn import GatedGCN, Ties
from napari_gnn_vos.model.infer import cut, logits
from tests.scenes import random_graph


@pytest.mark.parametrize("piece", [7, 40, 10**6])
def test_the_same_as_forward(piece, monkeypatch):
    monkeypatch.setattr(infer, "cut", lambda start: cut(start, piece))
    graph = random_graph(np.random.default_rng(0), frames=8).window()
    torch.manual_seed(0)
    network = GatedGCN(len(graph.nodes.names), len(graph.links.names)).eval()
    nodes, links = torch.tensor(graph.nodes.values), torch.tensor(graph.links.values)
    ties = Ties.of(torch.tensor(graph.edges), len(nodes))
    with torch.no_grad():
        wanted = network(nodes, links, ties)
    found = logits(network, nodes, links, ties)
    assert found.std() > 1e-3
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_what_it_is_given_stays_as_it_was():
    graph = random_graph(np.random.default_rng(0)).window()
    network = GatedGCN(len(graph.nodes.names), len(graph.links.names), 8, 2).eval()
    nodes, links = torch.tensor(graph.nodes.values), torch.tensor(graph.links.values)
    ties = Ties.of(torch.tensor(graph.edges), len(nodes))
    logits(network, nodes, links, ties)
    np.testing.assert_array_equal(links, graph.links.values)
    np.testing.assert_array_equal(nodes, graph.nodes.values)


def test_the_threads_of_torch_are_given_back():
    before = torch.get_num_threads()
    with infer._threads():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@given(
    degrees=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    piece=st.integers(1, 40),
)
def test_pieces_cover_all_targets_once(degrees, piece):
    start = np.concatenate([[0], np.cumsum(degrees)])
    runs = cut(start, piece)
    assert runs[0][0] == 0
    assert runs[-1][1] == len(degrees)
    for (_, stop), (begin, _) in pairwise(runs):
        assert stop == begin
    for a, b in runs:
        assert start[b] - start[a] < piece + 9 + 1
