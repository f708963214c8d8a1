from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, SettingsError, ShapeError
from napari_gnn_vos.model.backend import choose_backend, graphics_driver_compiles
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build, save_checkpoint
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.gatedgcn import EdgeIndex
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.model.registry import load_model
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from tests.scenes import random_graph

NAMES = (*NODE_FEATURE_NAMES, *NODE_INPUT_NAMES)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


@pytest.fixture
def told(graph):
    rng = np.random.default_rng(1)
    inputs = [
        rng.random((2, n, len(NODE_INPUT_NAMES)), np.float32) for n in graph.counts
    ]
    return inputs.__getitem__


def predictor(nodes=NAMES, edge_features=EDGE_FEATURE_NAMES, backend="auto"):
    torch.manual_seed(0)
    card = CheckpointMetadata(nodes, edge_features, 8, 2)
    return Predictor(build(card).eval(), card, backend=backend)


def answer(model, graph, told, frames=None):
    return list(model(graph, told, frames or range(graph.shape[0])))


@pytest.mark.parametrize("backend", ["fused", "torch"])
def test_a_probability_for_every_superpixel(graph, told, backend):
    model = predictor(backend=backend)
    found = answer(model, graph, told)
    assert [rows.shape for rows in found] == [(2, n) for n in graph.counts]
    window = graph.window()
    incoming = EdgeIndex.of(torch.tensor(window.edge_index), graph.n)
    for label in range(2):
        inputs = np.concatenate([told(t)[label] for t in range(graph.shape[0])])
        nodes = torch.tensor(
            np.concatenate([window.node_features.values, inputs], axis=1)
        )
        with torch.no_grad():
            out = model.network(
                nodes, torch.tensor(window.edge_features.values), incoming
            )
        chance = np.concatenate([rows[label] for rows in found])
        assert chance.dtype == np.float32
        np.testing.assert_allclose(chance, torch.sigmoid(out), rtol=1e-5)


@pytest.mark.parametrize("backend", ["fused", "torch"])
def test_some_frames_only(graph, told, backend):
    model = predictor(backend=backend)
    some = answer(model, graph, told, range(1, 3))
    for rows, whole in zip(some, answer(model, graph, told)[1:3], strict=True):
        np.testing.assert_allclose(rows, whole, rtol=1e-6)


@pytest.mark.parametrize(
    ("nodes", "edge_features"),
    [
        ((*NAMES[:-1], "new_input"), EDGE_FEATURE_NAMES),
        (("new_feature", *NAMES[1:]), EDGE_FEATURE_NAMES),
        (NAMES, (*EDGE_FEATURE_NAMES[:-1], "new_link")),
    ],
)
def test_a_network_trained_on_features_that_are_not_there(
    graph, told, nodes, edge_features
):
    with pytest.raises(CheckpointError, match="features that are not there"):
        answer(predictor(nodes, edge_features), graph, told)


def test_a_network_is_fed_the_columns_of_its_card(graph, told):
    fewer = predictor(NAMES[::2], EDGE_FEATURE_NAMES[1:])

    def other(t):
        inputs = told(t).copy()
        for k, name in enumerate(NODE_INPUT_NAMES):
            if name not in NAMES[::2]:
                inputs[..., k] = -9
        return inputs

    for one, two in zip(
        answer(fewer, graph, told), answer(fewer, graph, other), strict=True
    ):
        np.testing.assert_array_equal(one, two)


def test_inputs_of_another_width(graph, told):
    with pytest.raises(ShapeError):
        answer(predictor(), graph, lambda t: told(t)[..., :-1])


def test_another_graph_is_another_answer(graph, told):
    model = predictor()
    before = answer(model, graph, told)
    edge_features = -graph.frames[2].edge_features
    frame = replace(graph.frames[2], edge_features=edge_features)
    changed = graph.exchange({2: frame}, {})
    assert np.abs(answer(model, changed, told)[2] - before[2]).max() > 1e-6
    np.testing.assert_array_equal(answer(model, graph, told)[2], before[2])


def test_a_file_of_ones_own(tmp_path, graph, told):
    model = predictor()
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, model.network.state_dict(), model.card)
    loaded = answer(load_model(path, "cpu"), graph, told)
    for one, two in zip(loaded, answer(model, graph, told), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_backend_is_told(caplog):
    caplog.set_level("INFO")
    assert str(predictor()) == "GatedGCN on the CPU, fused"
    assert str(predictor(backend="torch")) == "GatedGCN on the CPU, torch"
    assert "GatedGCN on the CPU, torch" in caplog.text


def test_a_backend_that_is_not_known_or_not_for_the_device():
    assert choose_backend("auto", "mps") == "torch"
    with pytest.raises(SettingsError, match="'tensorflow'"):
        choose_backend("tensorflow", "cpu")
    with pytest.raises(SettingsError, match="on the CPU, not on 'cuda'"):
        choose_backend("fused", "cuda")
    with pytest.raises(SettingsError, match="but the device is 'cpu'"):
        choose_backend("triton", "cpu")


def test_a_graphics_driver_with_a_compiler_is_noticed(tmp_path):
    maps = tmp_path / "maps"
    assert not graphics_driver_compiles(maps)
    line = "7f00-7f10 r-xp 0 08:01 9 /usr/lib/x86_64-linux-gnu/{}\n"
    maps.write_text(line.format("libGL.so.1.7.0") + line.format("libllvmlite.so"))
    assert not graphics_driver_compiles(maps)
    maps.write_text(line.format("libLLVM-15.so.1"))
    assert graphics_driver_compiles(maps)


@pytest.mark.skipif(choose_device() == "cuda", reason="there is a GPU")
def test_without_triton_torch_computes_on_a_gpu_and_that_is_told(caplog):
    caplog.set_level("INFO")
    assert choose_backend("auto", "cuda") == "torch"
    assert "plain torch computes: Triton " in caplog.text
