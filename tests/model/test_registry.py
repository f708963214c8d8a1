import pytest

from napari_gnn_vos.engine import INPUTS
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.registry import load_backbone, load_model


def test_a_name_that_does_not_ship():
    with pytest.raises(SettingsError, match=r"gatedgcn-small.*'no-such' is neither"):
        load_model("no-such", "cpu")
    with pytest.raises(ReadError, match=r"no-such\.safetensors"):
        load_model("no-such.safetensors", "cpu")


def test_a_backbone_that_is_not_known():
    with pytest.raises(SettingsError, match="'vgg'"):
        load_backbone("vgg")


def test_a_device_that_is_not_there():
    with pytest.raises(SettingsError, match="'tpu'"):
        choose_device("tpu")
    assert choose_device("cpu") == "cpu"
    assert choose_device() in ("cpu", "cuda", "mps")


@pytest.mark.parametrize("name", ["gatedgcn", "gatedgcn-small"])
def test_what_ships_can_be_loaded(name):
    model = load_model(name, "cpu")
    assert set(model.card.node_feature_names) == set(INPUTS)
    assert model.card.facts["j_by_round"][0] > 0.85
