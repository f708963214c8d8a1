"""Networks and backbones by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backbone import (
    Embed,
    bundled_state,
    embedder,
    fold_batch_norm,
)
from napari_gnn_vos.model.checkpoint import Card, feed, load_checkpoint
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.gatedgcn import GatedGCN, Ties
from napari_gnn_vos.model.infer import logits
from napari_gnn_vos.structures.video_graph import Graph

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT = "gatedgcn"


class Predictor:
    """A network ready to answer.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode.
    card : Card
        What it must be fed with.
    device : str
        Where it computes.
    """

    def __init__(self, network: GatedGCN, card: Card, device: str = "cpu") -> None:
        self.network = network.to(device)
        self.card = card
        self.device = device
        self._last: tuple[Graph, torch.Tensor, Ties] | None = None

    def __call__(
        self, graph: Graph, inputs: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Compute the probability of one label against the rest.

        Parameters
        ----------
        graph : Graph
            N superpixels and their ties.
        inputs : (N, D) ndarray of float32
            What strokes say of them, columns as at the end of the card's.

        Returns
        -------
        probability : (N,) ndarray of float32

        Raises
        ------
        CheckpointError
            If the network was trained on columns that the graph has not.
        """
        values, features = feed(self.card, graph, inputs)
        nodes = torch.tensor(values, device=self.device)
        links, ties = self._edges(graph, features)
        if self.device == "cpu":
            out = logits(self.network, nodes, links, ties)
        else:
            with torch.inference_mode():
                out = self.network(nodes, links, ties)
        return torch.sigmoid(out).numpy(force=True)

    def _edges(
        self, graph: Graph, features: NDArray[np.float32]
    ) -> tuple[torch.Tensor, Ties]:
        """Edges as tensors, made once for a graph whatever the number of labels."""
        if self._last is None or self._last[0] is not graph:
            index = torch.tensor(graph.edges, device=self.device)
            ties = Ties.of(index, int(graph.first[-1]))
            links = torch.tensor(features, device=self.device)
            self._last = graph, links, ties
        return self._last[1:]


def load_model(name: str | Path = DEFAULT, device: str = "auto") -> Predictor:
    """Load a trained network.

    Parameters
    ----------
    name : str or Path
        Name of one that ships with the package, or a safetensors file of your own.
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    model : Predictor

    Raises
    ------
    ReadError, CheckpointError
        If there is no such file, or it holds something else.
    SettingsError
        If the device is not there.
    """
    path = Path(name)
    if path.suffix != ".safetensors":
        path = WEIGHTS / f"{name}.safetensors"
    return Predictor(*load_checkpoint(path), choose_device(device))


def load_backbone(name: str = "mobilenetv2", device: str = "cpu") -> Embed:
    """Load the network that describes what pictures look like.

    Parameters
    ----------
    name : {"mobilenetv2", "torchvision"}
        The weights that ship with the package, or torchvision's, which are read from
        its cache or fetched by it.
    device : str

    Returns
    -------
    embed : callable
        From a (H, W, 3) picture to feature maps (h, w, C).
    """
    if name == "mobilenetv2":
        return embedder(bundled_state(), device=device)
    if name == "torchvision":
        return embedder(_torchvision_state(), device=device)
    raise SettingsError(
        f"The backbone must be 'mobilenetv2' or 'torchvision', not {name!r}."
    )


def _torchvision_state() -> dict[str, torch.Tensor]:
    try:
        from torchvision.models import MobileNet_V2_Weights
    except ImportError as error:
        raise SettingsError(
            "The backbone 'torchvision' needs the package torchvision, which is not "
            "installed. Install it, or use the backbone 'mobilenetv2'."
        ) from error
    return fold_batch_norm(MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict())
