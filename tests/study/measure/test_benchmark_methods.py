from dataclasses import replace

import pytest

from napari_gnn_vos.errors import CheckpointError
from napari_gnn_vos.model.loading import Predictor, load_model
from napari_gnn_vos.study.baselines import BASELINES, WholeVideoModel
from napari_gnn_vos.study.measure.benchmark_methods import (
    network_method,
    simple_methods,
)


@pytest.fixture(scope="module")
def network():
    return load_model(device="cpu")


def test_network_method_is_identified_by_its_weights(network):
    method = network_method("gatedgcn", network)
    assert method.model is network
    assert method.metadata["name"] == "gatedgcn"
    assert method.metadata["device"] == "cpu"
    reloaded = load_model(device="cpu")
    assert (
        network_method("copy", reloaded).metadata["weights"]
        == method.metadata["weights"]
    )
    next(reloaded.network.parameters()).data[0] += 1e-3
    assert (
        network_method("copy", reloaded).metadata["weights"]
        != method.metadata["weights"]
    )


@pytest.mark.parametrize("names", ["node_feature_names", "edge_feature_names"])
def test_network_trained_on_other_features_is_rejected(network, names):
    metadata = replace(network.metadata, **{names: ("height", "weight")})
    with pytest.raises(CheckpointError, match="features that are not there"):
        network_method("other", Predictor(network.network, metadata))


def test_simple_methods_are_the_baselines():
    models = {method.name: method.model for method in simple_methods()}
    assert models == {name: WholeVideoModel(rule) for name, rule in BASELINES.items()}
