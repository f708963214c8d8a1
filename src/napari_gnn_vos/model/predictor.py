"""A network ready to answer, on the device and by the backend that suit it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_gnn_vos.model.backend import choose_backend
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, feed
from napari_gnn_vos.model.device_graph_cache import DeviceGraphCache, DeviceInputs
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.model.sweep import FrameInput, Sweeper
from napari_gnn_vos.model.windows import Windows
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
LENGTH = {"cpu": 64, "cuda": 1024, "mps": 128}
"""Frames that torch takes at a time, by device, while memory suffices."""
log = logging.getLogger(__name__)


class Predictor:
    """A network ready to answer.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode.
    card : CheckpointMetadata
        What it must be fed with.
    device : str
        Where it computes.
    backend : {"auto", "fused", "torch", "triton", "half", "dgl"}
        What it computes with: kernels compiled for the CPU, plain torch, kernels that
        Triton compiles for a GPU, the same with edge states kept in 16 bits, or the
        message passing of DGL. "auto" is "fused" on the CPU, "triton" on a GPU where
        Triton works, and "torch" elsewhere.

    Raises
    ------
    SettingsError
        If the backend is not known, or not for this device.
    """

    def __init__(
        self,
        network: GatedGCN,
        card: CheckpointMetadata,
        device: str = "cpu",
        backend: str = "auto",
    ) -> None:
        self.network, self.card, self.device = network.to(device), card, device
        self.backend = choose_backend(backend, device)
        self._resident = DeviceGraphCache(card, device)
        self._windows = Windows(self._whole, card.depth, LENGTH[device])
        log.info("%s", self)

    def __str__(self) -> str:
        names = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}
        return f"GatedGCN on the {names[self.device]}, {self.backend}"

    def __call__(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Compute the probability of labels, each against the rest.

        Parameters
        ----------
        graph : VideoGraph
        told : callable
            From the number of a frame to the (K, n, 8) inputs of K labels.
        frames : range
            What to answer; what lies around it is looked at as far as it matters.

        Yields
        ------
        probability : (K, n) ndarray of float32
            Of the superpixels of the next frame.

        Raises
        ------
        CheckpointError
            If the network was trained on columns that the graph has not.
        """
        if self.backend != "fused":
            yield from self._windows(graph, told, frames)
            return

        def fed(t: int) -> FrameInput:
            nodes = Columns(graph.frames[t].node_features, graph.node_feature_names)
            incoming = graph.incoming[t]
            edge_features = Columns(incoming.edge_features, graph.edge_feature_names)
            return FrameInput(*feed(self.card, nodes, edge_features, told(t)), incoming)

        for logits in Sweeper(self.network)(fed, graph.counts, frames):
            yield torch.sigmoid(torch.from_numpy(logits)).numpy()

    @torch.inference_mode()
    def _whole(self, graph: VideoGraph, span: range, inputs: F32) -> F32:
        """Answer a window of frames by all but the fused kernels, (K, N)."""
        try:
            fed = self._resident.feed(graph, span, inputs)
            logits = self._logits(fed)
        except torch.OutOfMemoryError:
            self._resident.clear()
            raise
        return torch.sigmoid(logits).T.numpy(force=True)

    def _logits(self, fed: DeviceInputs) -> Tensor:
        if self.backend == "dgl":
            from napari_gnn_vos.model.dgl_layers import dgl_logits

            labels = fed.nodes.unbind(1)
            return torch.stack(
                [dgl_logits(self.network, one, *fed[1:]) for one in labels], dim=1
            )
        if self.backend in ("triton", "half"):
            from napari_gnn_vos.model.triton_layers import triton_logits

            kept_as = torch.float16 if self.backend == "half" else torch.float32
            return triton_logits(self.network, *fed, kept_as)
        out: Tensor = self.network(*fed)
        return out
