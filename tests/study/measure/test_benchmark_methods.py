from dataclasses import replace

import pytest

from napari_gnn_vos.errors import CheckpointError
from napari_gnn_vos.model.registry import Predictor, load_model
from napari_gnn_vos.study.baselines import BASELINES, WholeVideoModel
from napari_gnn_vos.study.measure.benchmark_methods import (
    network_method,
    simple_methods,
)


@pytest.fixture(scope="module")
def network():
    return load_model(device="cpu")


def test_a_network_is_told_by_its_weights(network):
    one = network_method("gatedgcn", network)
    assert one.model is network
    assert one.facts["name"] == "gatedgcn"
    assert one.facts["device"] == "cpu"
    again = load_model(device="cpu")
    assert network_method("copy", again).facts["weights"] == one.facts["weights"]
    next(again.network.parameters()).data[0] += 1e-3
    assert network_method("copy", again).facts["weights"] != one.facts["weights"]


@pytest.mark.parametrize("names", ["node_feature_names", "edge_feature_names"])
def test_a_network_of_other_features_is_told_before_it_plays(network, names):
    other = replace(network.metadata, **{names: ("height", "weight")})
    with pytest.raises(CheckpointError, match="features that are not there"):
        network_method("other", Predictor(network.network, other))


def test_simple_methods_are_the_baselines():
    found = {one.name: one.model for one in simple_methods()}
    assert found == {
        name: WholeVideoModel(answer) for name, answer in BASELINES.items()
    }
