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

CARD = CheckpointMetadata(
    ("a", "b", "c"), ("x", "y"), 8, 2, {"seed": 3, "j": [0.5, 0.75]}
)


@pytest.fixture
def path(tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "net.safetensors", build(CARD).state_dict(), CARD)
    return tmp_path / "net.safetensors"


def test_what_was_written_is_read_again(path):
    network, card = load_checkpoint(path)
    assert card == CARD
    torch.manual_seed(0)
    for name, value in build(CARD).state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], value, rtol=0, atol=0)
    assert not network.training
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]


def test_a_missing_file(tmp_path):
    with pytest.raises(ReadError, match=r"no\.safetensors"):
        load_checkpoint(tmp_path / "no.safetensors")


def write_text(path):
    path.write_text("no weights at all")


def write_nothing(path):
    path.write_bytes(b"")


def write_without_card(path):
    save_file({"a": torch.zeros(3)}, path)


def write_other_card(path):
    save_file({"a": torch.zeros(3)}, path, metadata={"card": "[1, 2]"})


def write_card_of_another_network(path):
    save_file({"a": torch.zeros(3)}, path, metadata={"card": json.dumps({"width": 3})})


@pytest.mark.parametrize(
    "write",
    [
        write_text,
        write_nothing,
        write_without_card,
        write_other_card,
        write_card_of_another_network,
    ],
)
def test_a_file_that_is_something_else(tmp_path, write):
    write(tmp_path / "x.safetensors")
    with pytest.raises(ReadError, match="Expected weights with a card"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_weights_that_do_not_fit_their_card(tmp_path):
    wider = CheckpointMetadata(CARD.node_feature_names, CARD.edge_feature_names, 16, 2)
    save_checkpoint(tmp_path / "x.safetensors", build(CARD).state_dict(), wider)
    with pytest.raises(CheckpointError, match="do not fit their card"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_the_old_file_stays_whole_if_writing_fails(path, monkeypatch):
    before = path.read_bytes()

    def full(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr("napari_gnn_vos.model.checkpoint.save", full)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, build(CARD).state_dict(), CARD)
    assert path.read_bytes() == before
