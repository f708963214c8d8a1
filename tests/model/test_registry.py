from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, ReadError, SettingsError, ShapeError
from napari_gnn_vos.model.checkpoint import Card, build, save_checkpoint
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.gatedgcn import Ties
from napari_gnn_vos.model.registry import Predictor, load_backbone, load_model
from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.prepare.node_features import NODE_NAMES
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from tests.scenes import random_graph

NAMES = (*NODE_NAMES, *INPUT_NAMES)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0)).window()


@pytest.fixture
def inputs(graph):
    shape = len(graph.nodes.values), len(INPUT_NAMES)
    return np.random.default_rng(1).random(shape, np.float32)


def predictor(nodes=NAMES, links=LINK_NAMES):
    torch.manual_seed(0)
    card = Card(nodes, links, 8, 2)
    return Predictor(build(card).eval(), card)


def test_a_probability_for_every_superpixel(graph, inputs):
    model = predictor()
    chance = model(graph, inputs)
    assert chance.shape == (len(graph.nodes.values),)
    assert chance.dtype == np.float32
    nodes = np.concatenate([graph.nodes.values, inputs], axis=1)
    with torch.no_grad():
        out = model.network(
            torch.tensor(nodes),
            torch.tensor(graph.links.values),
            Ties.of(torch.tensor(graph.edges), len(nodes)),
        )
    np.testing.assert_allclose(chance, torch.sigmoid(out), rtol=1e-5)


def test_another_graph_is_another_answer(graph, inputs):
    model = predictor()
    before = model(graph, inputs)
    other = replace(graph, links=Columns(graph.links.values[::-1].copy(), LINK_NAMES))
    assert np.abs(model(other, inputs) - before).max() > 1e-6
    np.testing.assert_array_equal(model(graph, inputs), before)


@pytest.mark.parametrize(
    ("nodes", "links"),
    [
        ((*NAMES[:-1], "new_input"), LINK_NAMES),
        (("new_feature", *NAMES[1:]), LINK_NAMES),
        (NAMES, (*LINK_NAMES[:-1], "new_link")),
    ],
)
def test_a_network_trained_on_features_that_are_not_there(graph, inputs, nodes, links):
    with pytest.raises(CheckpointError, match="features that are not there"):
        predictor(nodes, links)(graph, inputs)


def test_a_network_is_fed_the_columns_of_its_card(graph, inputs):
    fewer = predictor(NAMES[::2], LINK_NAMES[1:])
    seen = fewer(graph, inputs)
    other = inputs.copy()
    for k, name in enumerate(INPUT_NAMES):
        if name not in NAMES[::2]:
            other[:, k] = -9
    np.testing.assert_array_equal(fewer(graph, other), seen)


def test_inputs_of_another_width(graph, inputs):
    with pytest.raises(ShapeError):
        predictor()(graph, inputs[:, :-1])


def test_a_file_of_ones_own(tmp_path, graph, inputs):
    model = predictor()
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, model.network.state_dict(), model.card)
    loaded = load_model(path, "cpu")
    np.testing.assert_array_equal(loaded(graph, inputs), model(graph, inputs))


def test_a_name_that_does_not_ship():
    with pytest.raises(ReadError, match="no-such-network"):
        load_model("no-such-network", "cpu")


def test_a_backbone_that_is_not_known():
    with pytest.raises(SettingsError, match="'vgg'"):
        load_backbone("vgg")


def test_a_device_that_is_not_there():
    with pytest.raises(SettingsError, match="'tpu'"):
        choose_device("tpu")
    assert choose_device("cpu") == "cpu"
    assert choose_device() in ("cpu", "cuda", "mps")
