from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends.dgl_layers import check_device, dgl_logits
from napari_gnn_vos.model.backends.import_dgl import import_dgl
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from tests.scenes import random_graph

N, E, COLUMNS = 40, 200, (7, 5)


@pytest.fixture(scope="module")
def dgl():
    if find_spec("dgl") is None:  # a broken installation must fail
        pytest.skip("DGL is not installed; bash scripts/install_dgl.sh installs it")
    return import_dgl()


@pytest.fixture
def network():
    torch.manual_seed(1)
    network = GatedGCN(*COLUMNS, width=6, depth=4, dropout=0.3).eval()
    for weights in network.parameters():  # norms that are not the identity
        torch.nn.init.normal_(weights, std=0.5)
    return network


def inputs(edges=E, dtype=torch.float32):
    """Make inputs of a graph with double edges, loops and isolated nodes."""
    torch.manual_seed(0)
    index = torch.randint(3, N - 3, (2, edges))
    index = index[:, torch.argsort(index[1], stable=True)]
    values = torch.randn(N, COLUMNS[0]), torch.randn(edges, COLUMNS[1])
    return *(value.to(dtype).requires_grad_() for value in values), EdgeIndex.of(
        index, N
    )


@pytest.mark.parametrize("edges", [E, 1, 0])
def test_logits_are_those_of_the_reference(dgl, network, edges):
    with torch.no_grad():
        logits = dgl_logits(network, *inputs(edges))
        expected = network(*inputs(edges))
    assert logits.shape == (N,)
    assert logits.std() > 1e-2
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-6)


def test_logits_are_those_of_the_reference_on_superpixels(dgl):
    graph = random_graph(np.random.default_rng(0), frames=8).window()
    torch.manual_seed(0)
    network = GatedGCN(
        len(graph.node_features.names), len(graph.edge_features.names)
    ).eval()
    nodes, edge_features = (
        torch.tensor(graph.node_features.values),
        torch.tensor(graph.edge_features.values),
    )
    edge_index = EdgeIndex.of(torch.tensor(graph.edge_index), len(nodes))
    with torch.inference_mode():
        logits = dgl_logits(network, nodes, edge_features, edge_index)
        expected = network(nodes, edge_features, edge_index)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-6)


def gradients(run, network, dtype):
    nodes, edges, edge_index = inputs(dtype=dtype)
    logits = run(nodes, edges, edge_index)
    weights = torch.randn(N, generator=torch.Generator().manual_seed(2)).to(dtype)
    used = {"nodes": nodes, "edges": edges, **dict(network.named_parameters())}
    loss = (logits * weights).sum()
    values = torch.autograd.grad(loss, [*used.values()], allow_unused=True)
    return dict(zip(used, values, strict=True))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)]
)
def test_gradients_are_those_of_the_reference(dgl, network, dtype, tolerance):
    network.to(dtype)
    found = gradients(lambda *args: dgl_logits(network, *args), network, dtype)
    expected = gradients(network, network, dtype)
    unused = {"layers.3.norm_edge.weight", "layers.3.norm_edge.bias"}
    assert {name for name, value in found.items() if value is None} == unused
    for name, value in expected.items():
        if name in unused:  # the last layer's edges are not read
            assert value is None
            continue
        top = float(value.abs().max())
        torch.testing.assert_close(
            found[name],
            value,
            rtol=tolerance,
            atol=tolerance * top,
            msg=lambda m, n=name: n + m,
        )


def test_dropout_is_that_of_the_reference(dgl, network):
    network.train()
    torch.manual_seed(3)
    logits = dgl_logits(network, *inputs())
    torch.manual_seed(3)
    expected = network(*inputs())
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-6)


def test_inputs_are_not_modified(dgl, network):
    used, original = inputs(), inputs()
    dgl_logits(network, *used)
    pairs = zip([*used[:2], *used[2]], [*original[:2], *original[2]], strict=True)
    for value, expected in pairs:
        assert torch.equal(value, expected)


def test_device_that_dgl_was_not_built_for_raises_an_error(dgl, network):
    check_device(dgl, torch.device("cpu"))
    nodes, edges, edge_index = inputs()
    with pytest.raises(SettingsError, match=r"'meta'.*Move .* to 'cpu'"):
        dgl_logits(network, nodes.to("meta"), edges, edge_index)


@pytest.mark.parametrize("built", ["cpu", "cuda"])
def test_gpu_with_a_cpu_build_of_dgl_raises_an_error(built):
    functions = {"device_api.cpu": print, f"device_api.{built}": print}
    fake = SimpleNamespace(
        __version__="2.1.0",
        get_global_func=lambda name, allow_missing: functions.get(name),
    )
    device = torch.device("cuda", 0)
    if built == "cuda":
        check_device(fake, device)
        return
    with pytest.raises(SettingsError, match=r"on 'cuda:0', and dgl 2\.1\.0 here was"):
        check_device(fake, device)
