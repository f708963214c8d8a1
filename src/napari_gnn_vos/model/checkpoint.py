"""Weights and what they were trained on, in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from napari_gnn_vos.errors import CheckpointError, ReadError
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES, current_names

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CheckpointMetadata:
    """What a checkpoint must be fed with, and where it comes from.

    Parameters
    ----------
    node_feature_names, edge_feature_names : tuple of str
        Columns of nodes and edges, in order.
    width, depth : int
        H and L.
    facts : dict
        Data, seed, steps, time, J: whatever the model card says.
    """

    node_feature_names: tuple[str, ...]
    edge_feature_names: tuple[str, ...]
    width: int = 20
    depth: int = 12
    facts: dict[str, object] = field(default_factory=dict)


def feed(
    card: CheckpointMetadata, nodes: Columns, edge_features: Columns, inputs: F32
) -> tuple[F32, F32]:
    """Gather what a network is fed with.

    Parameters
    ----------
    card : CheckpointMetadata
    nodes, edge_features : (n, F) and (e, G) Columns
        Features of superpixels and of directed edges.
    inputs : (K, n, 8) or (n, 8) ndarray of float32
        Annotation inputs of K labels or of one, see `structures.feature_names`.

    Returns
    -------
    nodes : (K, n, len(card.node_feature_names)) or (n, ...) ndarray of float32
    edge_features : (e, len(card.edge_feature_names)) ndarray of float32

    Raises
    ------
    CheckpointError
        If the network was trained on columns that are not there.
    """
    each = inputs.reshape(-1, *inputs.shape[-2:])
    names = (*nodes.names, *NODE_INPUT_NAMES)
    tables = [
        Columns(np.concatenate([nodes.values, one], axis=1), names).select(
            card.node_feature_names
        )
        for one in each
    ]
    values = np.stack(tables) if inputs.ndim == 3 else tables[0]
    return values, edge_features.select(card.edge_feature_names)


def build(card: CheckpointMetadata, dropout: float = 0.0) -> GatedGCN:
    """Make a network of the card's size, with fresh weights."""
    sizes = len(card.node_feature_names), len(card.edge_feature_names)
    return GatedGCN(*sizes, card.width, card.depth, dropout)


def save_checkpoint(
    path: Path, state: dict[str, Tensor], card: CheckpointMetadata
) -> None:
    """Write weights and card; a file there before stays whole until the new one is.

    Parameters
    ----------
    path : Path
        Ends in ``.safetensors``.
    state : dict of str to Tensor
        The network's state.
    card : CheckpointMetadata
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    content = save(tensors, metadata={"card": json.dumps(asdict(card))})
    atomic_write(path, lambda file: file.write(content))


def load_checkpoint(path: Path) -> tuple[GatedGCN, CheckpointMetadata]:
    """Read weights and card.

    Returns
    -------
    network : GatedGCN
        In evaluation mode, on the CPU.
    card : CheckpointMetadata

    Raises
    ------
    ReadError
        If the file is missing or no checkpoint.
    CheckpointError
        If its weights do not fit its own card.
    """
    try:
        with safe_open(path, framework="pt") as file:
            card = _read_card((file.metadata() or {})["card"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ReadError(
            f"Expected weights with a card in {path}; it is missing or no such file "
            f"({error}). Train again, or name a model that ships with the package."
        ) from error
    network = build(card)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights in {path} do not fit their card: {error}. Train again."
        ) from error
    return network.eval(), card


def _read_card(text: str) -> CheckpointMetadata:
    card = json.loads(text)
    legacy = "node_names" in card  # written by version 0.1
    return CheckpointMetadata(
        current_names(card["node_names" if legacy else "node_feature_names"]),
        current_names(card["link_names" if legacy else "edge_feature_names"]),
        int(card["width"]),
        int(card["depth"]),
        dict(card["facts"]),
    )
