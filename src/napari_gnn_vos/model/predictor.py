"""Inference with a trained network on a device, by one of the backends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.model.backends.selection import REGISTRY, select_backend
from napari_gnn_vos.model.checkpoint import CheckpointMetadata
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
DEVICE_NAMES = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}
log = logging.getLogger(__name__)


class Predictor:
    """A trained network on a device, with the backend that executes it.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode.
    metadata : CheckpointMetadata
        Names of the input columns of the network.
    device : {"cpu", "cuda", "mps"}
    backend : {"auto", "fused", "torch", "triton", "half", "dgl"}
        "fused" are compiled CPU kernels, "torch" is plain PyTorch, "triton" are kernels
        for a CUDA GPU, "half" the same with edge states in 16 bits, and "dgl" is
        message passing of DGL. "auto" selects "fused" on a CPU and "triton" on a CUDA
        GPU where they are available, otherwise "torch".
    multi_object : Predictor, optional
        Predictor that is used while several objects are annotated. The label model then
        has no node features (`LabelModelSettings.for_objects`), and a network that was
        trained with such a label model is more accurate.

    Attributes
    ----------
    backend : str
        Name of the selected backend.
    name : str
        Name of the model.
    projection : str
        Path of the feature projection that the network was trained with; empty for the
        one of the settings.

    Raises
    ------
    SettingsError
        If the backend is not known, or not available on the device.
    """

    def __init__(
        self,
        network: GatedGCN,
        metadata: CheckpointMetadata,
        device: str = "cpu",
        backend: str = "auto",
        multi_object: Predictor | None = None,
    ) -> None:
        self.network = network.to(device)
        self.metadata, self.device = metadata, device
        self.backend, self._fallback_reason = select_backend(backend, device)
        build = REGISTRY[self.backend].build
        self._backend = build(self.network, metadata, device)
        self.multi_object = multi_object
        self.name, self.projection = "GatedGCN", ""
        log.info("%s", self)

    def __str__(self) -> str:
        """Describe device and backend, for the window and the log."""
        description = f"{self.name} on the {DEVICE_NAMES[self.device]}, {self.backend}"
        if self._fallback_reason:
            description += f" ({self._fallback_reason})"
        return description

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Compute the probability of each label against the rest.

        Parameters
        ----------
        graph : VideoGraph
        node_inputs : callable
            From the number of a frame to the (K, n, 8) annotation inputs of K labels.
        frames : range
            Frames to compute, ascending; descending if it `streams`. Inputs of other
            frames in their receptive field are requested, too.

        Yields
        ------
        probability : (K, n) ndarray of float32
            Of the superpixels of each frame, in the order of `frames`.

        Raises
        ------
        CheckpointError
            If the graph lacks a feature that the network was trained on.
        """
        if self.multi_object is not None and len(node_inputs(frames.start)) > 1:
            yield from self.multi_object(graph, node_inputs, frames)
        else:
            yield from self._backend(graph, node_inputs, frames)

    @property
    def streams(self) -> bool:
        """Whether a frame is computed as soon as its receptive field is."""
        return REGISTRY[self.backend].streams

    card = renamed_attribute("card", "metadata")
