"""The directed edges that end in one frame of a superpixel graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape, frozen
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair

MIRRORED = {
    "from_past": "from_future",
    "from_future": "from_past",
    "share_out": "share_back",
    "share_back": "share_out",
    "border_out": "border_back",
    "border_back": "border_out",
}
"""Edge features that change places when an edge is read the other way round."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class FrameTies:
    """The e directed edges into the n superpixels of a frame, sorted by target.

    Parameters
    ----------
    before : int
        Superpixels of the frame before, 0 at the first frame.
    source : (e,) ndarray of int32
        Where an edge comes from: superpixels of the frame before, this one and the
        next are counted through.
    target : (e,) ndarray of int32
        Superpixel of this frame, rising, and the source with it.
    links : (e, G) ndarray of float32
        Features, read from source to target.
    """

    before: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    links: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("source", self.source, None)
        check_shape("target", self.target, *self.source.shape)
        check_shape("links", self.links, *self.source.shape, None)
        for name in ("source", "target", "links"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def nbytes(self) -> int:
        """Memory that is taken up."""
        return self.source.nbytes + self.target.nbytes + self.links.nbytes


def ties_into(
    frames: Sequence[FrameGraph],
    pairs: Sequence[FramePair],
    names: tuple[str, ...],
    t: int,
    before: int,
) -> FrameTies:
    """Gather the edges into frame `t`, every tie read both ways.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    pairs : sequence of T - 1 FramePair
    names : tuple of str
        Names of the edge features.
    t : int
    before : int
        Superpixels of the frame before.

    Returns
    -------
    ties : FrameTies
    """
    frame = frames[t]
    mirror = [names.index(MIRRORED.get(name, name)) for name in names]
    source = [frame.touching[0] + before, frame.touching[1] + before]
    target = [frame.touching[1], frame.touching[0]]
    links = [frame.links, frame.links[:, mirror]]
    if t > 0:
        past = pairs[t - 1]
        source.append(past.moving[0])
        target.append(past.moving[1])
        links.append(past.links)
    if t < len(pairs):
        future = pairs[t]
        source.append(future.moving[1] + (before + frame.n))
        target.append(future.moving[0])
        links.append(future.links[:, mirror])
    starts, ends = np.concatenate(source), np.concatenate(target)
    width = int(starts.max(initial=0)) + 1
    order = np.argsort(ends.astype(np.int64) * width + starts)
    starts, ends = starts[order].astype(np.int32), ends[order].astype(np.int32)
    return FrameTies(before, starts, ends, np.concatenate(links)[order])
