import pytest
import torch

from napari_gnn_vos.model.backends.compiled.autograd import differentiable_logits
from napari_gnn_vos.model.backends.selection import differentiable_forward
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN

N, E = 9, 30


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = GatedGCN(4, 3, width=6, depth=3, dropout=0.3).eval()
    for weights in network.parameters():  # norms that are not the identity
        torch.nn.init.normal_(weights, std=0.5)
    return network


def inputs(edges=E):
    torch.manual_seed(1)
    index = torch.randint(N - 1, (2, edges))  # the last node is isolated
    index = index[:, torch.argsort(index[1] * 1000 + index[0])]
    return torch.randn(N, 4), torch.randn(edges, 3), EdgeIndex.of(index, N)


def logits_and_gradients(forward, network, edges):
    nodes, edge_features, edge_index = inputs(edges)
    nodes.requires_grad_()
    edge_features.requires_grad_()
    logits = forward(network, nodes, edge_features, edge_index)
    weights = torch.randn(N, generator=torch.Generator().manual_seed(2))
    used = [nodes, edge_features, *network.parameters()]
    loss = (logits * weights).sum()
    return [logits, *torch.autograd.grad(loss, used, materialize_grads=True)]


@pytest.mark.parametrize("edges", [E, 1, 0])
def test_logits_and_gradients_are_those_of_the_reference(network, edges):
    actual = logits_and_gradients(differentiable_logits, network, edges)
    expected = logits_and_gradients(GatedGCN.__call__, network, edges)
    for value, true in zip(actual, expected, strict=True):
        torch.testing.assert_close(value, true, rtol=1e-3, atol=1e-4)


def test_dropout_is_that_of_the_reference(network):
    network.train()
    results = []
    for forward in (differentiable_logits, GatedGCN.__call__):
        torch.manual_seed(3)
        results.append(forward(network, *inputs()))
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)


def test_inputs_are_not_modified(network):
    used, original = inputs(), inputs()
    differentiable_logits(network, *used)
    torch.testing.assert_close(used[:2], original[:2], rtol=0, atol=0)


def test_training_uses_compiled_kernels_on_a_cpu_and_the_reference_elsewhere():
    assert differentiable_forward("cpu") is differentiable_logits
    assert differentiable_forward("cuda") is GatedGCN.__call__
