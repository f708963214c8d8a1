import shutil

import pytest

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.model import named_models
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.model.named_models import (
    BUNDLED,
    NETWORK,
    PROJECTION,
    SEVERAL,
    ModelCard,
    find_model,
    model_names,
    read_card,
    require_free_name,
    save_model,
)

CARD = ModelCard(
    base="gatedgcn",
    base_sha256="0",
    created="2026-11-29T00:00:00+00:00",
    trained_on=(),
    held_out=(),
    network="one",
    j_before=(0.5,),
    j_after=(0.6,),
    seconds=1,
    settings={},
    created_by="tests",
)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(named_models, "user_data_path", lambda name: tmp_path / name)
    return tmp_path / "napari-gnn-vos" / "models"


def copy_bundled(folder):
    base = find_model("gatedgcn-small")
    shutil.copy(base.network, folder / NETWORK)
    shutil.copy(base.multi_object, folder / SEVERAL)
    weights = named_models.WEIGHTS / "feature-projection.safetensors"
    shutil.copy(weights, folder / PROJECTION)


def test_bundled_models_are_listed_without_a_folder():
    assert model_names() == BUNDLED


def test_saved_model_is_listed_and_loaded(folder):
    assert save_model("my cells", copy_bundled, CARD, overwrite=False) == (
        folder / "my cells"
    )
    assert model_names() == (*BUNDLED, "my cells")
    assert read_card("my cells") == CARD
    model = load_model("my cells")
    assert model.projection == str(folder / "my cells" / PROJECTION)
    assert model.multi_object is not None
    assert find_model("my cells").sha256 != find_model("gatedgcn-small").sha256


def test_failed_write_leaves_nothing_and_keeps_the_old_model(folder):
    save_model("cells", copy_bundled, CARD, overwrite=False)
    before = find_model("cells").sha256

    def fail(temporary):
        (temporary / NETWORK).write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(ReadError, match="disk full"):
        save_model("cells", fail, CARD, overwrite=True)
    assert find_model("cells").sha256 == before
    assert [path.name for path in folder.iterdir()] == ["cells"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "a.", "a ", "GatedGCN", "x" * 65, "ä"]
)
def test_invalid_names_are_refused(name):
    with pytest.raises(SettingsError, match="Choose another name"):
        require_free_name(name)


def test_unknown_name_is_reported_with_the_known_ones():
    with pytest.raises(SettingsError, match="gatedgcn-small"):
        load_model("unknown")


def test_damaged_card_is_reported(folder):
    save_model("cells", copy_bundled, CARD, overwrite=False)
    (folder / "cells" / "card.json").write_text("{}")
    with pytest.raises(ReadError, match="Train the model again"):
        read_card("cells")
