"""Triton's kernels, on a GPU; or interpreted, if TRITON_INTERPRET=1 is set."""

import os

import pytest
import torch

from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN

pytest.importorskip("triton", reason="Triton is not installed")
DEVICE = "cuda" if choose_device() == "cuda" else "cpu"
if DEVICE == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("no GPU; TRITON_INTERPRET=1 does without", allow_module_level=True)

from napari_gnn_vos.model.triton_layers import rehearse, triton_logits  # noqa: E402


def parts(nodes, edges, labels, width):
    """A network, and what it is fed with."""
    torch.manual_seed(0)
    network = GatedGCN(7, 5, width=width, depth=4).eval()
    for weights in network.parameters():  # norms too shall not be the identity
        torch.nn.init.normal_(weights, std=0.4)
    index = torch.randint(max(nodes - 1, 1), (2, edges))  # the last has no edge
    index = index[:, torch.argsort(index[1] * 1000 + index[0])].to(DEVICE)
    fed = torch.randn(nodes, labels, 7), torch.randn(edges, 5)
    edge_index = EdgeIndex.of(index, nodes)
    return network.to(DEVICE), *(one.to(DEVICE) for one in fed), edge_index


@pytest.mark.parametrize(
    ("nodes", "edges", "labels", "width"),
    [(50, 400, 1, 20), (33, 300, 3, 20), (40, 333, 2, 40), (17, 5, 2, 6), (5, 0, 1, 8)],
)
@torch.inference_mode()
def test_the_numbers_of_plain_torch(nodes, edges, labels, width):
    network, *fed = parts(nodes, edges, labels, width)
    found, wanted = triton_logits(network, *fed), network(*fed)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    assert wanted.std() > 0.1


@torch.inference_mode()
def test_edge_states_of_16_bits():
    network, *fed = parts(60, 600, 2, 20)
    found, wanted = triton_logits(network, *fed, torch.float16), network(*fed)
    off = (found - wanted).abs().max()
    assert 0 < off < 1e-2


@torch.inference_mode()
def test_nothing_is_changed_that_was_given():
    network, nodes, edges, edge_index = parts(30, 100, 2, 20)
    before = nodes.clone(), edges.clone()
    once = triton_logits(network, nodes, edges, edge_index)
    torch.testing.assert_close(triton_logits(network, nodes, edges, edge_index), once)
    torch.testing.assert_close((nodes, edges), before, rtol=0, atol=0)


def test_the_rehearsal():
    rehearse(DEVICE)
