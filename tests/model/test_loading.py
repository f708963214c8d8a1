import gc
import os
import shutil
import sys
from itertools import pairwise

import pytest

from napari_gnn_vos.engine import INPUTS
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.loading import load_backbone, load_model, shared_model
from napari_gnn_vos.model.named_models import find_model


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


def test_a_shared_model_is_loaded_again_after_its_file_has_changed(tmp_path):
    path = tmp_path / "network.safetensors"
    shutil.copy(find_model("gatedgcn").network, path)
    model = shared_model(str(path))
    assert shared_model(str(path)) is model
    os.utime(path, (0, 0))
    assert shared_model(str(path)) is not model
    with pytest.raises(ReadError, match="missing"):
        shared_model(str(tmp_path / "missing.safetensors"))
    with pytest.raises(SettingsError, match="'no-such' is neither"):
        shared_model("no-such")


def test_loading_a_model_again_allocates_no_memory():
    def allocated():
        load_model("gatedgcn", "cpu")
        gc.collect()
        return sys.getallocatedblocks()

    allocated()
    counts = [allocated() for _ in range(4)]
    growth = min(after - before for before, after in pairwise(counts))
    assert growth < 100
