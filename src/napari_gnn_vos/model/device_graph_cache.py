"""What of a video's graph lies on a device: a round brings only what it has changed.

n superpixels of a frame, e directed edges into them, K labels.
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
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.incoming_edges import IncomingEdges
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.structures.weak_cache import WeakCache


class DeviceInputs(NamedTuple):
    """All that a network of a card is fed with, of N superpixels and E edges.

    Parameters
    ----------
    nodes : (N, K, node_columns) Tensor of float32
    edge_features : (E, edge_columns) Tensor of float32
    incoming : EdgeIndex
    """

    nodes: Tensor
    edge_features: Tensor
    incoming: EdgeIndex


class Edges(NamedTuple):
    """The edges into a frame.

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
    """Copies of frames on a device, for as long as the frames themselves are kept.

    Parameters
    ----------
    card : CheckpointMetadata
        Of the network that is fed.
    device : str
    """

    def __init__(self, card: CheckpointMetadata, device: str) -> None:
        self._card, self._device = card, device
        self._static = tuple(
            n for n in card.node_feature_names if n not in NODE_INPUT_NAMES
        )
        names = (*self._static, *NODE_INPUT_NAMES)
        order = [names.index(name) for name in card.node_feature_names]
        self._order = torch.tensor(order, device=device)
        self._nodes: WeakCache[FrameGraph, Tensor] = WeakCache()
        self._edges: WeakCache[IncomingEdges, Edges] = WeakCache()

    def clear(self) -> None:
        """Let all copies go."""
        self._nodes.clear()
        self._edges.clear()

    def feed(
        self, graph: VideoGraph, span: range, inputs: NDArray[np.float32]
    ) -> DeviceInputs:
        """Put together what a network is fed with; edges to other frames are left out.

        Parameters
        ----------
        graph : VideoGraph
        span : range
            Frames, of N superpixels in all.
        inputs : (K, N, 8) ndarray of float32
            What is told of them, see `structures.feature_names`.

        Raises
        ------
        CheckpointError
            If the network was trained on columns that are not there.
        """
        counts = graph.counts[span.start : span.stop]
        check_shape("inputs", inputs, None, int(counts.sum()), len(NODE_INPUT_NAMES))
        static = torch.cat([self._nodes_of(graph, t) for t in span])
        told = torch.tensor(inputs, device=self._device).transpose(0, 1)
        same = static[:, None].expand(-1, told.shape[1], -1)
        nodes = torch.cat([same, told], dim=2).index_select(2, self._order)
        edge_features, incoming = self._ties_between(graph, span)
        return DeviceInputs(nodes, edge_features, incoming)

    def _nodes_of(self, graph: VideoGraph, t: int) -> Tensor:
        def bring(frame: FrameGraph) -> Tensor:
            values = Columns(frame.node_features, graph.node_feature_names).select(
                self._static
            )
            return torch.tensor(values, device=self._device)

        return self._nodes.get(graph.frames[t], bring)

    def _edges_of(self, graph: VideoGraph, t: int) -> tuple[Edges, int]:
        """Edges into a frame, and how many superpixels the frame before has."""

        def bring(incoming: IncomingEdges) -> Edges:
            edge_features = Columns(
                incoming.edge_features, graph.edge_feature_names
            ).select(self._card.edge_feature_names)
            values = incoming.source, incoming.target, edge_features
            return Edges(*(torch.tensor(v, device=self._device) for v in values))

        incoming = graph.incoming[t]
        return self._edges.get(incoming, bring), incoming.previous_count

    def _ties_between(self, graph: VideoGraph, span: range) -> tuple[Tensor, EdgeIndex]:
        """Features and ends of the edges between some frames."""
        edges, before = zip(*(self._edges_of(graph, t) for t in span), strict=True)
        first = graph.offsets[span.start : span.stop + 1] - graph.offsets[span.start]
        n = int(first[-1])
        shift = np.stack([first[:-1] - np.array(before), first[:-1]]).astype(np.int32)
        many = torch.tensor([len(one.source) for one in edges], device=self._device)
        source, target, edge_features = (
            torch.cat(parts) for parts in zip(*edges, strict=True)
        )
        ends = torch.stack([source, target]) + torch.tensor(
            shift, device=self._device
        ).repeat_interleave(many, dim=1, output_size=len(source))
        if span.start > 0 or span.stop < graph.shape[0]:
            inside = (ends[0] >= 0) & (ends[0] < n)
            ends, edge_features = ends[:, inside], edge_features[inside]
        return edge_features, EdgeIndex.of(ends, n)
