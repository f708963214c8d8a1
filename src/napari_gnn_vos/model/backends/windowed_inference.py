"""Inference over overlapping windows of frames, by a forward pass of a whole graph."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_gnn_vos.model.backends.device_graph_cache import DeviceGraphCache
from napari_gnn_vos.model.checkpoint import CheckpointMetadata
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
Forward = Callable[[GatedGCN, Tensor, Tensor, EdgeIndex], Tensor]
"""From a network, (N, K, node_columns) and (E, edge_columns) inputs and an edge index
to (N, K) logits."""
WindowProbabilities = Callable[[VideoGraph, range, F32], F32]
"""From frames of N superpixels and their (K, N, 8) inputs to (K, N) probabilities."""
WINDOW_FRAMES = {"cpu": 64, "cuda": 1024, "mps": 128}
"""Frames of a window, by device."""
log = logging.getLogger(__name__)


class WindowedInference:
    """Inference in windows with a margin; the result is that of the whole video.

    Parameters
    ----------
    window_probabilities : callable
        See `WindowProbabilities`.
    margin : int
        Frames added on either side of a window: the number of layers.
    length : int
        Frames of a window without its margins. When the memory of the device does not
        suffice, it is halved for this and all later windows.
    """

    def __init__(
        self, window_probabilities: WindowProbabilities, margin: int, length: int
    ) -> None:
        self._window_probabilities = window_probabilities
        self._margin, self.length = margin, length

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Compute probabilities; see `selection.Backend`.

        Raises
        ------
        torch.OutOfMemoryError
            If a window of a single frame does not fit into memory.
        """
        start = frames.start
        while start < frames.stop:
            stop = min(start + self.length, frames.stop)
            try:
                window = self._compute(graph, node_inputs, range(start, stop))
            except torch.OutOfMemoryError:
                if self.length == 1:
                    raise
                self.length = max(self.length // 2, 1)
                torch.cuda.empty_cache()
                log.warning(
                    "Out of memory; continuing with windows of %d frames", self.length
                )
                continue
            yield from window
            start = stop

    def _compute(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> list[F32]:
        """Compute the (K, n) probabilities of each frame of a window."""
        span = range(
            max(frames.start - self._margin, 0),
            min(frames.stop + self._margin, graph.shape[0]),
        )
        inputs = np.concatenate([node_inputs(t) for t in span], axis=1)
        probability = self._window_probabilities(graph, span, inputs)
        ends = np.cumsum(graph.counts[span.start : span.stop])
        by_frame = np.split(probability, ends[:-1], axis=1)
        return by_frame[frames.start - span.start : frames.stop - span.start]


def windowed_backend(
    network: GatedGCN, metadata: CheckpointMetadata, device: str, forward: Forward
) -> WindowedInference:
    """Build a backend from a forward pass over a whole graph.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode, on the device.
    metadata : CheckpointMetadata
    device : {"cpu", "cuda", "mps"}
    forward : callable
        See `Forward`.
    """
    graph_cache = DeviceGraphCache(metadata, device)

    @torch.inference_mode()
    def window_probabilities(graph: VideoGraph, span: range, inputs: F32) -> F32:
        try:
            logits = forward(network, *graph_cache.assemble_inputs(graph, span, inputs))
        except torch.OutOfMemoryError:
            graph_cache.clear()
            raise
        return torch.sigmoid(logits).T.numpy(force=True)

    return WindowedInference(
        window_probabilities, metadata.depth, WINDOW_FRAMES[device]
    )
