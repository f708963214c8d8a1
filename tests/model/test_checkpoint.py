import json

import pytest
import torch
from safetensors.torch import save_file

from napari_gnn_vos.errors import CheckpointError, ReadError
from napari_gnn_vos.model.checkpoint import (
    CheckpointMetadata,
    build,
    load_checkpoint,
    save_checkpoint,
)

METADATA = CheckpointMetadata(
    ("a", "b", "c"), ("x", "y"), 8, 2, {"seed": 3, "j": [0.5, 0.75]}
)


@pytest.fixture
def path(tmp_path):
    torch.manual_seed(0)
    save_checkpoint(
        tmp_path / "net.safetensors", build(METADATA).state_dict(), METADATA
    )
    return tmp_path / "net.safetensors"


def test_checkpoint_is_read_as_written(path):
    network, metadata = load_checkpoint(path)
    assert metadata == METADATA
    torch.manual_seed(0)
    for name, value in build(METADATA).state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], value, rtol=0, atol=0)
    assert not network.training
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]


def test_missing_file_raises_an_error(tmp_path):
    with pytest.raises(ReadError, match=r"no\.safetensors"):
        load_checkpoint(tmp_path / "no.safetensors")


def write_text(path):
    path.write_text("no weights")


def write_nothing(path):
    path.write_bytes(b"")


def write_without_metadata(path):
    save_file({"a": torch.zeros(3)}, path)


def write_other_metadata(path):
    save_file({"a": torch.zeros(3)}, path, metadata={"card": "[1, 2]"})


def write_metadata_of_another_network(path):
    save_file({"a": torch.zeros(3)}, path, metadata={"card": json.dumps({"width": 3})})


@pytest.mark.parametrize(
    "write",
    [
        write_text,
        write_nothing,
        write_without_metadata,
        write_other_metadata,
        write_metadata_of_another_network,
    ],
)
def test_invalid_file_raises_an_error(tmp_path, write):
    write(tmp_path / "x.safetensors")
    with pytest.raises(ReadError, match="Expected a checkpoint"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_weights_of_another_size_raise_an_error(tmp_path):
    wider = CheckpointMetadata(
        METADATA.node_feature_names, METADATA.edge_feature_names, 16, 2
    )
    save_checkpoint(tmp_path / "x.safetensors", build(METADATA).state_dict(), wider)
    with pytest.raises(CheckpointError, match="do not fit their metadata"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_failed_write_keeps_the_previous_file(path, monkeypatch):
    before = path.read_bytes()

    def full(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr("napari_gnn_vos.model.checkpoint.save", full)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, build(METADATA).state_dict(), METADATA)
    assert path.read_bytes() == before
