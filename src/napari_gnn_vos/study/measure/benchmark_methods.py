"""Methods to benchmark: a network and the baselines."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_gnn_vos.engine import INPUTS, Model
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_table import FeatureTable
from napari_gnn_vos.study.baselines import BASELINES, WholeVideoModel


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A named model with the metadata that identifies it in reports.

    Parameters
    ----------
    name : str
        Title of its row in a table.
    model : Model
    metadata : dict
        Identifying metadata, in JSON types.
    """

    name: str
    model: Model
    metadata: dict[str, Any]


def network_method(name: str, network: Predictor) -> Method:
    """Wrap a network as a benchmark method.

    Parameters
    ----------
    name : str
        Name or file that it was loaded from.
    network : Predictor

    Raises
    ------
    CheckpointError
        If it was trained on features that the graphs do not have.
    """
    for names, trained_on in (
        (INPUTS, network.metadata.node_feature_names),
        (EDGE_FEATURE_NAMES, network.metadata.edge_feature_names),
    ):
        FeatureTable(np.zeros((0, len(names)), np.float32), names).select(trained_on)
    metadata = {"name": name, "weights": _digest(network), "device": network.device}
    return Method("GatedGCN", network, network.metadata.facts | metadata)


def _digest(network: Predictor) -> str:
    """Hash all weights to 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in (network, network.multi_object):
        for name, values in part.network.state_dict().items() if part else ():
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(values.numpy(force=True)).tobytes())
    return digest.hexdigest()[:16]


def simple_methods() -> list[Method]:
    """Wrap all baselines as benchmark methods."""
    return [
        Method(name, WholeVideoModel(rule), {"name": name})
        for name, rule in BASELINES.items()
    ]
