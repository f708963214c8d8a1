"""The network over a video of any length, a frame of a layer at a time.

Layer l needs of a frame what layer l - 1 made of it and of the frames beside it. So
while layer 0 looks at frame t, layer 1 may look at frame t - 2, layer 2 at frame t - 4,
and so on: one sweep over the video takes all frames through all layers, holds no more
than 2 L + 1 frames at a time, and gives the very answer of the whole video at once.
For the answer of some frames, only what these depend on is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_gnn_vos.hardware import cores
from napari_gnn_vos.model.fused import advance, embed_edges, project
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.model.layout import BLOCK_EDGES, filled, layer_weights, linear
from napari_gnn_vos.model.threads import single_threaded_torch
from napari_gnn_vos.model.wavefront import WavefrontScheduler
from napari_gnn_vos.structures.incoming_edges import IncomingEdges, renumber_sources

F32 = NDArray[np.float32]
SLOTS = 4
"""Frames of a layer that are held for the next: three are read, one is written."""


Answers = Iterator[F32]
"""Of one frame after the other, (K, n) for K labels."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameInput:
    """What the network is fed with, of one frame.

    Parameters
    ----------
    nodes : (K, n, node_columns) ndarray of float32
        One table for each of K labels.
    edge_features : (e, edge_columns) ndarray of float32
    incoming : IncomingEdges
        The e edges into the frame.
    """

    nodes: F32
    edge_features: F32
    incoming: IncomingEdges


Feed = Callable[[int], FrameInput]
"""From the number of a frame to its input."""


class Sweeper:
    """A network whose weights are laid out for sweeps.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode.
    """

    def __init__(self, network: GatedGCN) -> None:
        self.read = network.read
        self.embed_nodes = network.embed_nodes
        self.embed_edges = linear(network.embed_edges)
        self.layers = [layer_weights(layer) for layer in network.layers]  # type: ignore[arg-type]

    def __call__(self, feed: Feed, counts: NDArray[np.int64], span: range) -> Answers:
        """Compute the logits of the superpixels of some frames.

        Parameters
        ----------
        feed : callable
            From the number of a frame to its input.
        counts : (T,) ndarray of int64
            Superpixels of every frame of the video.
        span : range
            Frames to answer, one after the other.

        Yields
        ------
        logits : (K, n) ndarray of float32
            Of the next frame of `span`.
        """
        depth, helpers = len(self.layers), cores() - 1
        run = _Run(self, feed, counts, span)
        steps = range(run.needed(0).start, span.stop + 2 * depth)
        with single_threaded_torch():
            run.enter(steps.start)
        wave = WavefrontScheduler(steps, depth + 1, run.labels, run.advance)
        with ThreadPoolExecutor(
            max(helpers, 1), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            try:
                for _ in range(helpers):
                    pool.submit(wave.help)
                for step in steps:
                    with single_threaded_torch():
                        run.enter(step + 1)  # here, as every thread's heap keeps memory
                        wave.allow(step + 1)
                        wave.reach(step)
                    passed = run.frames.pop(step - 2 * depth, None)
                    if passed is not None and step - 2 * depth in span:
                        yield self._logits(passed.states)
            finally:
                wave.close()

    @torch.inference_mode()
    def _logits(self, states: F32) -> F32:
        with (
            single_threaded_torch()
        ):  # or torch's threads wait busily on cores that are needed
            out: F32 = self.read(torch.from_numpy(states))[..., 0].numpy()
        return out


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """A frame on its way through the layers: K labels, n nodes, b blocks of edges."""

    source: NDArray[np.uint32]  # (e,), rows of what the frames around have sent
    target: NDArray[np.uint32]  # (e,)
    blocks: F32  # (K, b, H, BLOCK_EDGES)
    states: F32  # (K, n, H)


class _Run:
    """One sweep: the frames on their way, and what they have sent to each other."""

    def __init__(
        self, sweeper: Sweeper, feed: Feed, counts: NDArray[np.int64], span: range
    ) -> None:
        self._sweeper, self._feed, self._span = sweeper, feed, span
        self._depth, self._count = len(sweeper.layers), len(counts)
        self._width = sweeper.embed_nodes.out_features
        around = self.needed(0)
        self._slot = int(counts[around.start : around.stop].max(initial=0))
        self._sent: list[F32] = []  # a layer each, (K, SLOTS * slot, 2, P)
        self.frames: dict[int, _Frame] = {}

    def needed(self, layer: int) -> range:
        """Frames that the answer needs from a layer; from 0, their embedding."""
        more = self._depth - layer
        first, last = self._span.start - more, self._span.stop + more
        return range(max(first, 0), min(last, self._count))

    @property
    def labels(self) -> int:
        """Labels that are answered for, once a frame has entered."""
        return next((len(frame.states) for frame in self.frames.values()), 0)

    def advance(self, step: int, layer: int, label: int) -> None:
        """Take a step's frame through a layer, and project it for the next."""
        t = step - 2 * layer
        if t not in self.needed(layer):
            return
        frame = self.frames[t]
        states, layers = frame.states[label], self._sweeper.layers
        if layer > 0:
            sent = self._sent[layer - 1][label]
            edges = frame.blocks[label], frame.source, frame.target
            advance(*edges, sent, states, layers[layer - 1])
        if layer < self._depth:
            sent = self._sent[layer][label, self._slots(t)][: len(states)]
            project(states, layers[layer].sent, sent.reshape(len(states), -1))

    def _slots(self, t: int) -> slice:
        """Rows where frame `t` leaves what it sends to the frames around it."""
        begin = t % SLOTS * self._slot
        return slice(begin, begin + self._slot)

    def enter(self, t: int) -> None:
        """Embed a frame, if the answer needs it."""
        if t in self.needed(0):
            self.frames[t] = self._embedded(self._feed(t), t)

    @torch.inference_mode()
    def _embedded(self, given: FrameInput, t: int) -> _Frame:
        incoming, (labels, n, _) = given.incoming, given.nodes.shape
        if not self._sent:
            size = labels, SLOTS * self._slot, 2, filled(self._width)
            self._sent = [np.zeros(size, np.float32) for _ in range(self._depth)]
        count = -(-len(given.edge_features) // BLOCK_EDGES)
        blocks = np.empty((labels, count, self._width, BLOCK_EDGES), np.float32)
        edge_features = np.ascontiguousarray(
            given.edge_features
        )  # chosen columns may not be
        embed_edges(edge_features, self._sweeper.embed_edges, blocks)
        states = self._sweeper.embed_nodes(torch.from_numpy(given.nodes)).numpy()
        return _Frame(
            _rows(incoming, t, n, self._slot),
            incoming.target.astype(np.uint32),
            blocks,
            states,
        )


def _rows(incoming: IncomingEdges, t: int, n: int, slot: int) -> NDArray[np.uint32]:
    """Where sources of edges into frame `t` of n superpixels leave what they send."""
    starts = np.arange(t - 1, t + 2) % SLOTS * slot
    rows: NDArray[np.uint32] = renumber_sources(incoming, n, starts).view(np.uint32)
    return rows
