"""Checkpoints: weights and metadata in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from napari_gnn_vos.errors import CheckpointError, ReadError
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.storage import atomic_write, refuse_special_file
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES, current_names
from napari_gnn_vos.structures.feature_table import FeatureTable

F32 = NDArray[np.float32]
MAX_DEPTH = 1000
"""Largest number of layers of a network that is read from a file."""


@dataclass(frozen=True, slots=True)
class CheckpointMetadata:
    """Names of the input columns, size and training of a network.

    Parameters
    ----------
    node_feature_names, edge_feature_names : tuple of str
        Input columns of nodes and edges, in order.
    width, depth : int
        Channels H and layers L.
    facts : dict
        Contents of the model card: data, seed, steps, time, J.
    """

    node_feature_names: tuple[str, ...]
    edge_feature_names: tuple[str, ...]
    width: int = 20
    depth: int = 12
    facts: dict[str, object] = field(default_factory=dict)


def assemble_inputs(
    metadata: CheckpointMetadata,
    nodes: FeatureTable,
    edge_features: FeatureTable,
    node_inputs: F32,
) -> tuple[F32, F32]:
    """Assemble the input arrays of a network from features and annotation inputs.

    Parameters
    ----------
    metadata : CheckpointMetadata
    nodes, edge_features : (n, F) and (e, G) FeatureTable
        Features of superpixels and of directed edges.
    node_inputs : (K, n, 8) or (n, 8) ndarray of float32
        Annotation inputs of K labels or of one label, see `structures.feature_names`.

    Returns
    -------
    nodes : (K, n, len(metadata.node_feature_names)) or (n, ...) ndarray of float32
    edge_features : (e, len(metadata.edge_feature_names)) ndarray of float32

    Raises
    ------
    CheckpointError
        If the network was trained on columns that are missing here.
    """
    names = (*nodes.names, *NODE_INPUT_NAMES)
    tables = [
        FeatureTable(
            np.concatenate([nodes.values, label_inputs], axis=1), names
        ).select(metadata.node_feature_names)
        for label_inputs in node_inputs.reshape(-1, *node_inputs.shape[-2:])
    ]
    values = np.stack(tables) if node_inputs.ndim == 3 else tables[0]
    return values, edge_features.select(metadata.edge_feature_names)


def build(metadata: CheckpointMetadata, dropout: float = 0.0) -> GatedGCN:
    """Build a network of the size given by the metadata, with random weights."""
    sizes = len(metadata.node_feature_names), len(metadata.edge_feature_names)
    return GatedGCN(*sizes, metadata.width, metadata.depth, dropout)


def save_checkpoint(
    path: Path, state: dict[str, Tensor], metadata: CheckpointMetadata
) -> None:
    """Write weights and metadata; an existing file is replaced atomically.

    Parameters
    ----------
    path : Path
        Ends in ``.safetensors``.
    state : dict of str to Tensor
        State of the network.
    metadata : CheckpointMetadata
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    content = save(tensors, metadata={"card": json.dumps(asdict(metadata))})
    atomic_write(path, content)


def load_checkpoint(path: Path) -> tuple[GatedGCN, CheckpointMetadata]:
    """Read weights and metadata.

    Returns
    -------
    network : GatedGCN
        In evaluation mode, on the CPU.
    metadata : CheckpointMetadata

    Raises
    ------
    ReadError
        If the file is missing or is not a checkpoint.
    CheckpointError
        If its weights do not have the size given by its metadata.
    """
    try:
        refuse_special_file(path)
        with safe_open(path, framework="pt") as file:
            metadata = _parse_metadata((file.metadata() or {})["card"])
        # get_tensor of safetensors 0.8 leaks memory
        state = {name: value.float() for name, value in load(path.read_bytes()).items()}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ReadError(
            f"Expected a checkpoint (weights with metadata) in {path}; the file is "
            f"missing or not a checkpoint ({error}). Train again, or choose a model "
            "that ships with the package."
        ) from error
    try:
        # without memory for random weights: a damaged size may be very large
        with torch.device("meta"):
            network = build(metadata)
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights in {path} do not fit their metadata: {error}. Train again."
        ) from error
    return network.eval(), metadata


def _parse_metadata(text: str) -> CheckpointMetadata:
    """Parse the JSON metadata of a checkpoint of this or an earlier version."""
    values = json.loads(text)
    if not int(values["depth"]) <= MAX_DEPTH:
        raise ValueError(f"{values['depth']} layers are more than {MAX_DEPTH}")
    legacy = "node_names" in values  # written by version 0.1
    return CheckpointMetadata(
        current_names(values["node_names" if legacy else "node_feature_names"]),
        current_names(values["link_names" if legacy else "edge_feature_names"]),
        int(values["width"]),
        int(values["depth"]),
        dict(values["facts"]),
    )
