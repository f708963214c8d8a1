from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.dgl_layers import check_device, dgl_logits
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN, GatedGCNLayer
from napari_gnn_vos.model.import_dgl import import_dgl
from tests.scenes import random_graph

N, E, COLUMNS = 40, 200, (7, 5)


@pytest.fixture(scope="module")
def dgl():
    if find_spec("dgl") is None:  # one that is there and broken shall fail
        pytest.skip("DGL is not installed; bash scripts/install_dgl.sh installs it")
    return import_dgl()


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """The network itself by torch's own operations, on a CPU as well."""
    monkeypatch.setattr(GatedGCNLayer, "_fused", GatedGCNLayer._plain)


@pytest.fixture
def network():
    torch.manual_seed(1)
    one = GatedGCN(*COLUMNS, width=6, depth=4, dropout=0.3).eval()
    for weights in one.parameters():  # norms too shall not be the identity
        torch.nn.init.normal_(weights, std=0.5)
    return one


def inputs(edges=E, dtype=torch.float32):
    """Of a graph with edges twice, from a node to itself, and nodes without any."""
    torch.manual_seed(0)
    index = torch.randint(3, N - 3, (2, edges))
    index = index[:, torch.argsort(index[1], stable=True)]
    values = torch.randn(N, COLUMNS[0]), torch.randn(edges, COLUMNS[1])
    return *(one.to(dtype).requires_grad_() for one in values), EdgeIndex.of(index, N)


@pytest.mark.parametrize("edges", [E, 1, 0])
def test_the_same_numbers(dgl, network, edges):
    with torch.no_grad():
        found = dgl_logits(network, *inputs(edges))
        wanted = network(*inputs(edges))
    assert found.shape == (N,)
    assert found.std() > 1e-2
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def test_the_same_numbers_over_superpixels(dgl):
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
        found, wanted = dgl_logits(network, nodes, edge_features, edge_index), None
        wanted = network(nodes, edge_features, edge_index)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def gradients(run, network, dtype):
    nodes, edges, edge_index = inputs(dtype=dtype)
    logits = run(nodes, edges, edge_index)
    goal = torch.randn(N, generator=torch.Generator().manual_seed(2)).to(dtype)
    used = {"nodes": nodes, "edges": edges, **dict(network.named_parameters())}
    ways = [*used.values()]
    given = torch.autograd.grad((logits * goal).sum(), ways, allow_unused=True)
    return dict(zip(used, given, strict=True))


@pytest.mark.parametrize(
    ("dtype", "near"), [(torch.float32, 1e-5), (torch.float64, 1e-12)]
)
def test_the_same_gradients(dgl, network, dtype, near):
    network.to(dtype)
    found = gradients(lambda *given: dgl_logits(network, *given), network, dtype)
    wanted = gradients(network, network, dtype)
    unused = {"layers.3.norm_edge.weight", "layers.3.norm_edge.bias"}
    assert {name for name, one in found.items() if one is None} == unused
    for name, one in wanted.items():
        if name in unused:  # the last layer's edges are not read
            assert one is None
            continue
        top = float(one.abs().max())
        torch.testing.assert_close(
            found[name], one, rtol=near, atol=near * top, msg=lambda m, n=name: n + m
        )


def test_the_same_dropout(dgl, network):
    network.train()
    torch.manual_seed(3)
    found = dgl_logits(network, *inputs())
    torch.manual_seed(3)
    wanted = network(*inputs())
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def test_what_it_is_given_stays_as_it_was(dgl, network):
    given, before = inputs(), inputs()
    dgl_logits(network, *given)
    for one, other in zip(
        [*given[:2], *given[2]], [*before[:2], *before[2]], strict=True
    ):
        assert torch.equal(one, other)


def test_a_device_it_was_not_built_for(dgl, network):
    check_device(dgl, torch.device("cpu"))
    nodes, edges, edge_index = inputs()
    with pytest.raises(SettingsError, match=r"'meta'.*Move .* to 'cpu'"):
        dgl_logits(network, nodes.to("meta"), edges, edge_index)


@pytest.mark.parametrize("built", ["cpu", "cuda"])
def test_a_graphics_card_and_a_build_for_the_cpu(built):
    known = {"device_api.cpu": print, f"device_api.{built}": print}
    fake = SimpleNamespace(
        __version__="2.1.0",
        get_global_func=lambda name, allow_missing: known.get(name),
    )
    device = torch.device("cuda", 0)
    if built == "cuda":
        check_device(fake, device)
        return
    with pytest.raises(SettingsError, match=r"on 'cuda:0', and dgl 2\.1\.0 here was"):
        check_device(fake, device)
