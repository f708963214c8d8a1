import pytest

from napari_gnn_vos.engine import INPUTS
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.registry import load_backbone, load_model


def test_unknown_model_raises_an_error():
    with pytest.raises(SettingsError, match=r"gatedgcn-small.*'no-such' is neither"):
        load_model("no-such", "cpu")
    with pytest.raises(ReadError, match=r"no-such\.safetensors"):
        load_model("no-such.safetensors", "cpu")


def test_unknown_backbone_raises_an_error():
    with pytest.raises(SettingsError, match="'vgg'"):
        load_backbone("vgg")


def test_unavailable_device_raises_an_error():
    with pytest.raises(SettingsError, match="'tpu'"):
        choose_device("tpu")
    assert choose_device("cpu") == "cpu"
    assert choose_device() in ("cpu", "cuda", "mps")


@pytest.mark.parametrize("name", ["gatedgcn", "gatedgcn-small"])
def test_bundled_models_can_be_loaded(name):
    model = load_model(name, "cpu")
    assert set(model.metadata.node_feature_names) == set(INPUTS)
    assert model.metadata.facts["steps"] in (2000, 2500)
    assert model.multi_object is not None
    assert set(model.multi_object.metadata.node_feature_names) < set(INPUTS)
