"""Triton kernels on a GPU, or interpreted if TRITON_INTERPRET=1 is set."""

import os

import pytest
import torch

from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN

pytest.importorskip("triton", reason="Triton is not installed")
DEVICE = "cuda" if choose_device() == "cuda" else "cpu"
if DEVICE == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("no GPU; set TRITON_INTERPRET=1", allow_module_level=True)

from napari_gnn_vos.model.backends.triton_layers import compile_kernels, triton_logits  # noqa: E402


def parts(nodes, edges, labels, width):
    """Make a network and its inputs."""
    torch.manual_seed(0)
    network = GatedGCN(7, 5, width=width, depth=4).eval()
    for weights in network.parameters():  # norms that are not the identity
        torch.nn.init.normal_(weights, std=0.4)
    index = torch.randint(max(nodes - 1, 1), (2, edges))  # the last has no edge
    index = index[:, torch.argsort(index[1] * 1000 + index[0])].to(DEVICE)
    inputs = torch.randn(nodes, labels, 7), torch.randn(edges, 5)
    edge_index = EdgeIndex.of(index, nodes)
    return network.to(DEVICE), *(value.to(DEVICE) for value in inputs), edge_index


@pytest.mark.parametrize(
    ("nodes", "edges", "labels", "width"),
    [(50, 400, 1, 20), (33, 300, 3, 20), (40, 333, 2, 40), (17, 5, 2, 6), (5, 0, 1, 8)],
)
@torch.inference_mode()
def test_logits_are_those_of_the_reference(nodes, edges, labels, width):
    network, *inputs = parts(nodes, edges, labels, width)
    logits, expected = triton_logits(network, *inputs), network(*inputs)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 0.1


@torch.inference_mode()
def test_edge_states_in_16_bits():
    network, *inputs = parts(60, 600, 2, 20)
    logits = triton_logits(network, *inputs, torch.float16)
    difference = (logits - network(*inputs)).abs().max()
    assert 0 < difference < 1e-2


@torch.inference_mode()
def test_inputs_are_not_modified():
    network, nodes, edges, edge_index = parts(30, 100, 2, 20)
    before = nodes.clone(), edges.clone()
    once = triton_logits(network, nodes, edges, edge_index)
    torch.testing.assert_close(triton_logits(network, nodes, edges, edge_index), once)
    torch.testing.assert_close((nodes, edges), before, rtol=0, atol=0)


def test_kernels_compile():
    compile_kernels(DEVICE)
