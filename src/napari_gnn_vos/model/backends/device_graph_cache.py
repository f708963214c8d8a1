"""Cache of graph arrays on a device; a round copies only the frames that it changed.

n superpixels of a frame, e directed edges into them; N and E of a window; K labels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_gnn_vos.model.checkpoint import CheckpointMetadata
from napari_gnn_vos.model.gatedgcn import EdgeIndex
from napari_gnn_vos.structures.arrays import check_shape
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.feature_table import FeatureTable
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.incoming_edges import IncomingEdges, window_shifts
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.structures.weak_cache import WeakCache


class DeviceInputs(NamedTuple):
    """Network inputs of a window of frames, on the device.

    Parameters
    ----------
    nodes : (N, K, node_columns) Tensor of float32
    edge_features : (E, edge_columns) Tensor of float32
    edge_index : EdgeIndex
    """

    nodes: Tensor
    edge_features: Tensor
    edge_index: EdgeIndex


class FrameEdges(NamedTuple):
    """The edges into a frame, on the device.

    Parameters
    ----------
    source, target : (e,) Tensor of int32
        As in `IncomingEdges`.
    edge_features : (e, edge_columns) Tensor of float32
    """

    source: Tensor
    target: Tensor
    edge_features: Tensor


class DeviceGraphCache:
    """Copies of frames on a device; each is cached for the lifetime of its frame.

    Parameters
    ----------
    metadata : CheckpointMetadata
        Names the input columns of the network.
    device : str
    """

    def __init__(self, metadata: CheckpointMetadata, device: str) -> None:
        self._device = device
        self._edge_names = metadata.edge_feature_names
        self._node_names = tuple(
            name for name in metadata.node_feature_names if name not in NODE_INPUT_NAMES
        )
        names = (*self._node_names, *NODE_INPUT_NAMES)
        order = [names.index(name) for name in metadata.node_feature_names]
        self._order = torch.tensor(order, device=device)
        self._nodes: WeakCache[FrameGraph, Tensor] = WeakCache()
        self._edges: WeakCache[IncomingEdges, FrameEdges] = WeakCache()

    def clear(self) -> None:
        """Delete all copies."""
        self._nodes.clear()
        self._edges.clear()

    def assemble_inputs(
        self, graph: VideoGraph, span: range, node_inputs: NDArray[np.float32]
    ) -> DeviceInputs:
        """Assemble the network inputs of a window; edges to other frames are dropped.

        Parameters
        ----------
        graph : VideoGraph
        span : range
            Frames of the window, of N superpixels in all.
        node_inputs : (K, N, 8) ndarray of float32
            Annotation inputs, see `structures.feature_names`.

        Raises
        ------
        ShapeError
            If `node_inputs` has another shape.
        CheckpointError
            If the graph lacks a feature that the network was trained on.
        """
        counts = graph.counts[span.start : span.stop]
        size = int(counts.sum()), len(NODE_INPUT_NAMES)
        check_shape("inputs", node_inputs, None, *size)
        features = torch.cat([self._nodes_of(graph, t) for t in span])
        inputs = torch.tensor(node_inputs, device=self._device).transpose(0, 1)
        features = features[:, None].expand(-1, inputs.shape[1], -1)
        nodes = torch.cat([features, inputs], dim=2).index_select(2, self._order)
        return DeviceInputs(nodes, *self._window_edges(graph, span))

    def _nodes_of(self, graph: VideoGraph, t: int) -> Tensor:
        def copy(frame: FrameGraph) -> Tensor:
            columns = FeatureTable(frame.node_features, graph.node_feature_names)
            return torch.tensor(columns.select(self._node_names), device=self._device)

        return self._nodes.get(graph.frames[t], copy)

    def _edges_of(self, graph: VideoGraph, t: int) -> tuple[FrameEdges, int]:
        """Return the edges into a frame, and the size of the frame before."""

        def copy(incoming: IncomingEdges) -> FrameEdges:
            columns = FeatureTable(incoming.edge_features, graph.edge_feature_names)
            features = columns.select(self._edge_names)
            arrays = incoming.source, incoming.target, features
            return FrameEdges(*(torch.tensor(a, device=self._device) for a in arrays))

        incoming = graph.incoming[t]
        return self._edges.get(incoming, copy), incoming.previous_count

    def _window_edges(self, graph: VideoGraph, span: range) -> tuple[Tensor, EdgeIndex]:
        """Gather features and index of the edges between the frames of a window."""
        edges, previous = zip(*(self._edges_of(graph, t) for t in span), strict=True)
        offsets = graph.offsets[span.start : span.stop + 1] - graph.offsets[span.start]
        source, target, features = (
            torch.cat(arrays) for arrays in zip(*edges, strict=True)
        )
        shifts, counts = (
            torch.tensor(values, device=self._device)
            for values in (
                window_shifts(np.array(previous), offsets),
                [len(frame_edges.source) for frame_edges in edges],
            )
        )
        shifts = shifts.repeat_interleave(counts, dim=1, output_size=len(source))
        index, n = torch.stack([source, target]) + shifts, int(offsets[-1])
        if span.start > 0 or span.stop < graph.shape[0]:
            inside = (index[0] >= 0) & (index[0] < n)
            index, features = index[:, inside], features[inside]
        return features, EdgeIndex.of(index, n)
