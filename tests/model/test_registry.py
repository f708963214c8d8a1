import pytest

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.registry import load_backbone, load_model


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
