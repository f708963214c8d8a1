from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, SettingsError, ShapeError
from napari_gnn_vos.model.backends import selection
from napari_gnn_vos.model.backends.selection import select_backend
from napari_gnn_vos.model.backends.triton_availability import (
    graphics_driver_loaded_llvm,
)
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build, save_checkpoint
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.gatedgcn import EdgeIndex
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from tests.scenes import random_graph

NAMES = (*NODE_FEATURE_NAMES, *NODE_INPUT_NAMES)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


@pytest.fixture
def node_inputs(graph):
    rng = np.random.default_rng(1)
    inputs = [
        rng.random((2, n, len(NODE_INPUT_NAMES)), np.float32) for n in graph.counts
    ]
    return inputs.__getitem__


def predictor(nodes=NAMES, edge_features=EDGE_FEATURE_NAMES, backend="auto"):
    torch.manual_seed(0)
    metadata = CheckpointMetadata(nodes, edge_features, 8, 2)
    return Predictor(build(metadata).eval(), metadata, backend=backend)


def probabilities(model, graph, node_inputs, frames=None):
    return list(model(graph, node_inputs, frames or range(graph.shape[0])))


@pytest.mark.parametrize("backend", ["fused", "torch"])
def test_probabilities_of_all_superpixels(graph, node_inputs, backend):
    model = predictor(backend=backend)
    frames = probabilities(model, graph, node_inputs)
    assert [rows.shape for rows in frames] == [(2, n) for n in graph.counts]
    window = graph.window()
    incoming = EdgeIndex.of(torch.tensor(window.edge_index), graph.n)
    for label in range(2):
        inputs = np.concatenate([node_inputs(t)[label] for t in range(graph.shape[0])])
        nodes = torch.tensor(
            np.concatenate([window.node_features.values, inputs], axis=1)
        )
        with torch.no_grad():
            out = model.network(
                nodes, torch.tensor(window.edge_features.values), incoming
            )
        probability = np.concatenate([rows[label] for rows in frames])
        assert probability.dtype == np.float32
        np.testing.assert_allclose(probability, torch.sigmoid(out), rtol=1e-5)


@pytest.mark.parametrize("backend", ["fused", "torch"])
def test_range_of_frames_equals_the_whole_video(graph, node_inputs, backend):
    model = predictor(backend=backend)
    part = probabilities(model, graph, node_inputs, range(1, 3))
    whole = probabilities(model, graph, node_inputs)
    for rows, expected in zip(part, whole[1:3], strict=True):
        np.testing.assert_allclose(rows, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("nodes", "edge_features"),
    [
        ((*NAMES[:-1], "new_input"), EDGE_FEATURE_NAMES),
        (("new_feature", *NAMES[1:]), EDGE_FEATURE_NAMES),
        (NAMES, (*EDGE_FEATURE_NAMES[:-1], "new_link")),
    ],
)
def test_missing_features_of_the_graph_raise_an_error(
    graph, node_inputs, nodes, edge_features
):
    with pytest.raises(CheckpointError, match="features that are not there"):
        probabilities(predictor(nodes, edge_features), graph, node_inputs)


def test_only_columns_named_by_the_metadata_are_used(graph, node_inputs):
    fewer = predictor(NAMES[::2], EDGE_FEATURE_NAMES[1:])

    def changed_inputs(t):
        inputs = node_inputs(t).copy()
        for k, name in enumerate(NODE_INPUT_NAMES):
            if name not in NAMES[::2]:
                inputs[..., k] = -9
        return inputs

    np.testing.assert_array_equal(
        np.concatenate(probabilities(fewer, graph, node_inputs), axis=1),
        np.concatenate(probabilities(fewer, graph, changed_inputs), axis=1),
    )


def test_inputs_of_another_width_raise_an_error(graph, node_inputs):
    with pytest.raises(ShapeError):
        probabilities(predictor(), graph, lambda t: node_inputs(t)[..., :-1])


def test_probabilities_depend_on_the_graph(graph, node_inputs):
    model = predictor()
    before = probabilities(model, graph, node_inputs)
    edge_features = -graph.frames[2].edge_features
    frame = replace(graph.frames[2], edge_features=edge_features)
    changed = graph.with_frames({2: frame}, {})
    assert (
        np.abs(probabilities(model, changed, node_inputs)[2] - before[2]).max() > 1e-6
    )
    np.testing.assert_array_equal(
        probabilities(model, graph, node_inputs)[2], before[2]
    )


def test_model_is_loaded_from_a_path(tmp_path, graph, node_inputs):
    model = predictor()
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, model.network.state_dict(), model.metadata)
    loaded = probabilities(load_model(path, "cpu"), graph, node_inputs)
    for actual, expected in zip(
        loaded, probabilities(model, graph, node_inputs), strict=True
    ):
        np.testing.assert_array_equal(actual, expected)


def test_device_and_backend_are_described(caplog):
    caplog.set_level("INFO")
    assert str(predictor()) == "GatedGCN on the CPU, fused"
    assert str(predictor(backend="torch")) == "GatedGCN on the CPU, torch"
    assert "GatedGCN on the CPU, torch" in caplog.text


def test_unknown_and_unavailable_backends_raise_an_error():
    assert select_backend("auto", "mps") == ("torch", None)
    with pytest.raises(SettingsError, match="'tensorflow'"):
        select_backend("tensorflow", "cpu")
    with pytest.raises(SettingsError, match=r"needs a CPU.*the device is 'cuda'"):
        select_backend("fused", "cuda")
    with pytest.raises(SettingsError, match="but the device is 'cpu'"):
        select_backend("triton", "cpu")


def test_graphics_driver_with_llvm_is_detected(tmp_path):
    maps = tmp_path / "maps"
    assert not graphics_driver_loaded_llvm(maps)
    line = "7f00-7f10 r-xp 0 08:01 9 /usr/lib/x86_64-linux-gnu/{}\n"
    maps.write_text(line.format("libGL.so.1.7.0") + line.format("libllvmlite.so"))
    assert not graphics_driver_loaded_llvm(maps)
    maps.write_text(line.format("libLLVM-15.so.1"))
    assert graphics_driver_loaded_llvm(maps)


@pytest.mark.skipif(choose_device() == "cuda", reason="there is a GPU")
def test_without_triton_a_gpu_falls_back_to_pytorch_with_a_warning(caplog):
    selection._select_fastest.cache_clear()
    name, reason = select_backend("auto", "cuda")
    assert name == "torch"
    assert reason.startswith("Triton ")
    assert f"computed by PyTorch: {reason}" in caplog.text


def test_several_objects_are_predicted_by_their_own_network(graph, node_inputs):
    torch.manual_seed(1)
    metadata = CheckpointMetadata(NAMES, EDGE_FEATURE_NAMES, 8, 2)
    several = Predictor(build(metadata).eval(), metadata)
    model = predictor()
    model.multi_object = several
    expected = probabilities(several, graph, node_inputs)
    for rows, expected_rows in zip(
        probabilities(model, graph, node_inputs), expected, strict=True
    ):
        np.testing.assert_array_equal(rows, expected_rows)
    one = probabilities(model, graph, lambda t: node_inputs(t)[:1])
    expected = probabilities(predictor(), graph, lambda t: node_inputs(t)[:1])
    for rows, expected_rows in zip(one, expected, strict=True):
        np.testing.assert_array_equal(rows, expected_rows)
