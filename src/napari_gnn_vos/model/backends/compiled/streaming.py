"""Streaming inference over a video of any length by a wavefront schedule.

Layer l needs the output of layer l - 1 for a frame and for its two neighbours. So while
layer 0, the embedding, processes frame t, layer 1 processes frame t - d, layer 2 frame
t - 2 d, and so on. The delay d is 2, or 1 if there are labels for all threads. One pass
over the video applies all layers to all frames with at most d L + 1 frames in memory;
the result is bit-identical to that of the whole graph. For a range of frames, only
their receptive field is computed. A descending range is processed
from the last frame to the first: the schedule is the same for mirrored frame numbers,
here called positions.

n superpixels of a frame, e directed edges into them, H channels, P padded channels, b
blocks of edges, K labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_gnn_vos.hardware import cores, single_threaded_torch
from napari_gnn_vos.model.backends.compiled.layer import (
    apply_layer,
    embed_edges,
    project,
)
from napari_gnn_vos.model.backends.compiled.layout import (
    BLOCK_EDGES,
    layer_weights,
    linear,
    padded,
)
from napari_gnn_vos.model.backends.compiled.wavefront import WavefrontScheduler
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.structures.incoming_edges import IncomingEdges, renumber_sources

F32 = NDArray[np.float32]
SLOTS = 4
"""Frames in the ring buffer of the source terms of a layer: three are read by the next
layer while one is written."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameInput:
    """Network inputs of one frame.

    Parameters
    ----------
    nodes : (K, n, node_columns) ndarray of float32
        Node features and annotation inputs, for each of K labels.
    edge_features : (e, edge_columns) ndarray of float32
    incoming : IncomingEdges
        The e edges into the frame.
    """

    nodes: F32
    edge_features: F32
    incoming: IncomingEdges


FrameInputs = Callable[[int], FrameInput]
"""From the number of a frame to its input."""


class StreamingForward:
    """Forward pass of a network over a stream of frames.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode. Its weights are copied into the layout of the kernels.
    """

    def __init__(self, network: GatedGCN) -> None:
        self.read = network.read
        self.embed_nodes = network.embed_nodes
        self.embed_edges = linear(network.embed_edges)
        self.layers = [layer_weights(layer) for layer in network.layers]  # type: ignore[arg-type]

    def __call__(
        self, frame_inputs: FrameInputs, counts: NDArray[np.int64], frames: range
    ) -> Iterator[F32]:
        """Compute the logits of the superpixels of a range of frames.

        Parameters
        ----------
        frame_inputs : callable
            Called once per frame of the receptive field, in the order of `frames`.
        counts : (T,) ndarray of int64
            Number of superpixels of each frame of the video.
        frames : range
            Frames to compute, ascending or descending by 1.

        Yields
        ------
        logits : (K, n) ndarray of float32
            Of the next frame.
        """
        depth, threads = len(self.layers), cores() - 1
        state = _StreamState(self, frame_inputs, counts, frames)
        start = state.receptive_field(0).start
        with single_threaded_torch():
            state.load(start)
        delay = state.delay
        steps = range(start, state.span.stop + delay * depth)
        tasks = state.labels, state.execute, delay
        scheduler = WavefrontScheduler(steps, depth + 1, *tasks)
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            try:
                for _ in range(threads):
                    pool.submit(scheduler.work)
                for step in steps:
                    with single_threaded_torch():
                        # loaded in this thread: each thread's heap keeps freed memory
                        state.load(step + 1)
                        scheduler.release(step + 1)
                        scheduler.work_until(step)
                    position = step - delay * depth
                    finished = state.frames.pop(position, None)
                    if finished is not None and position in state.span:
                        yield self._logits(finished.states)
            finally:
                scheduler.close()

    @torch.inference_mode()
    def _logits(self, states: F32) -> F32:
        with single_threaded_torch():  # its threads would spin on cores in use
            logits: F32 = self.read(torch.from_numpy(states))[..., 0].numpy()
        return logits


@dataclass(frozen=True, slots=True, eq=False)
class _FrameState:
    """States of one frame between two layers."""

    source: NDArray[np.uint32]  # (e,), rows of the ring buffer of source terms
    target: NDArray[np.uint32]  # (e,)
    blocks: F32  # (K, b, H, BLOCK_EDGES), edge states
    states: F32  # (K, n, H), node states


class _StreamState:
    """States of the frames between the first and the last layer.

    The source terms (B h and F h) that a layer gathers from its frame and both
    neighbours are in a ring buffer. Frames are numbered by their positions.
    """

    def __init__(
        self,
        forward: StreamingForward,
        frame_inputs: FrameInputs,
        counts: NDArray[np.int64],
        frames: range,
    ) -> None:
        self._forward, self._frame_inputs = forward, frame_inputs
        self._depth, self._count = len(forward.layers), len(counts)
        self._width, self._direction = forward.embed_nodes.out_features, frames.step
        self.span = range(self._frame(frames.start), self._frame(frames.stop))
        field = [self._frame(position) for position in self.receptive_field(0)]
        self._slot_rows = int(counts[np.array(field, int)].max(initial=0))
        # of each layer, (K, SLOTS * slot_rows, 2, P)
        self._source_terms: list[F32] = []
        self.labels, self.delay = 0, 2  # once a frame is loaded
        self.frames: dict[int, _FrameState] = {}

    def _frame(self, position: int) -> int:
        """Return the frame at a position, or the position of a frame."""
        return position if self._direction > 0 else self._count - 1 - position

    def receptive_field(self, layer: int) -> range:
        """Compute the positions whose output of a layer the requested ones depend on.

        Layer 0 is the embedding.
        """
        margin = self._depth - layer
        first, last = self.span.start - margin, self.span.stop + margin
        return range(max(first, 0), min(last, self._count))

    def execute(self, step: int, layer: int, label: int) -> None:
        """Apply a layer to the frame of a step, and compute its source terms."""
        position = step - self.delay * layer
        if position not in self.receptive_field(layer):
            return
        frame = self.frames[position]
        states, layers = frame.states[label], self._forward.layers
        if layer > 0:
            source_terms = self._source_terms[layer - 1][label]
            edges = frame.blocks[label], frame.source, frame.target
            apply_layer(*edges, source_terms, states, layers[layer - 1])
        if layer < self._depth:
            slot = self._slot(position)
            rows = self._source_terms[layer][label, slot][: len(states)]
            project(states, layers[layer].from_source, rows.reshape(len(states), -1))

    def _slot(self, position: int) -> slice:
        """Return the rows of the ring buffer that belong to a position."""
        start = position % SLOTS * self._slot_rows
        return slice(start, start + self._slot_rows)

    def load(self, position: int) -> None:
        """Embed the inputs of a frame, if the requested frames depend on it."""
        if position in self.receptive_field(0):
            inputs = self._frame_inputs(self._frame(position))
            self.frames[position] = self._embed(inputs, position)

    @torch.inference_mode()
    def _embed(self, inputs: FrameInput, position: int) -> _FrameState:
        """Compute the initial node and edge states of a frame."""
        incoming, (labels, n, _) = inputs.incoming, inputs.nodes.shape
        if not self._source_terms:
            self.labels = labels
            self.delay = 1 if labels >= max(cores(), 2) else 2
            size = labels, SLOTS * self._slot_rows, 2, padded(self._width)
            self._source_terms = [
                np.zeros(size, np.float32) for _ in range(self._depth)
            ]
        count = -(-len(inputs.edge_features) // BLOCK_EDGES)
        blocks = np.empty((labels, count, self._width, BLOCK_EDGES), np.float32)
        # a selection of columns need not be contiguous
        edge_features = np.ascontiguousarray(inputs.edge_features)
        embed_edges(edge_features, self._forward.embed_edges, blocks)
        states = self._forward.embed_nodes(torch.from_numpy(inputs.nodes)).numpy()
        # the previous frame, this one and the next
        positions = position + self._direction * np.arange(-1, 2)
        starts = positions % SLOTS * self._slot_rows
        source = renumber_sources(incoming, n, starts).view(np.uint32)
        return _FrameState(source, incoming.target.astype(np.uint32), blocks, states)
