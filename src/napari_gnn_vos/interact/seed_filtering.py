"""Discard seeds that strokes contradict, and end tracks where the colour changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds

F32 = NDArray[np.float32]
COLOUR_FEATURES = ("l", "a", "b")
CHROMA_WEIGHT = 2.0
"""Weight of a and b relative to L: a shadow changes lightness only."""
NO_LABEL = -1


def truncate_tracks(
    invalid: NDArray[np.bool_], propagated: Seeds, drawn: Seeds
) -> NDArray[np.bool_]:
    """Mark the propagated seeds before the first invalid seed of their track.

    A track contains the propagated seeds of one origin, either before or after the
    frame of the drawn seed.

    Parameters
    ----------
    invalid : (S,) ndarray of bool
        Propagated seeds that are known to be wrong.
    propagated : Seeds
        S seeds.
    drawn : Seeds
        Their origins.

    Returns
    -------
    kept : (S,) ndarray of bool
        False for invalid seeds, and for all seeds of the track that are further from
        its origin in time.
    """
    count = max(drawn.origin.max(initial=0), propagated.origin.max(initial=0)) + 1
    origin_frame = np.zeros(int(count), np.int64)
    origin_frame[drawn.origin] = drawn.frame
    delta = propagated.frame - origin_frame[propagated.origin]
    kept = ~invalid
    for direction in (1, -1):
        limit = np.full(int(count), np.iinfo(np.int64).max)
        ends = invalid & (delta * direction > 0)
        np.minimum.at(limit, propagated.origin[ends], np.abs(delta[ends]))
        before_end = np.abs(delta) < limit[propagated.origin]
        kept &= (delta * direction <= 0) | before_end
    return kept


def truncate_at_colour_change(
    frames: Sequence[FrameGraph],
    names: tuple[str, ...],
    propagated: Seeds,
    drawn: Seeds,
    max_difference: float,
) -> Seeds:
    """End each track where the mean colour of its superpixel changes.

    Flow along an object boundary can move a seed from the object to its surroundings.
    A change of colour reveals this.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    names : tuple of str
        Names of the node features.
    propagated : Seeds
    drawn : Seeds
        The origins of all propagated seeds.
    max_difference : float
        Largest accepted colour difference from the superpixel of the origin, as a
        fraction of the range of CIELAB; a and b count `CHROMA_WEIGHT` times.

    Returns
    -------
    propagated : Seeds
    """
    if not len(propagated):
        return propagated
    columns = [names.index(name) for name in COLOUR_FEATURES]
    origin_colour = np.zeros((int(drawn.origin.max()) + 1, len(columns)), np.float32)
    origin_colour[drawn.origin] = _node_features_at(frames, columns, drawn)
    colour = _node_features_at(frames, columns, propagated)
    difference = colour - origin_colour[propagated.origin]
    difference *= np.array([1, CHROMA_WEIGHT, CHROMA_WEIGHT], np.float32)
    changed = np.linalg.norm(difference, axis=1) > max_difference
    return propagated.take(truncate_tracks(changed, propagated, drawn))


def _node_features_at(
    frames: Sequence[FrameGraph], columns: list[int], seeds: Seeds
) -> F32:
    """Look up features of the superpixel under each seed, (S, len(columns))."""
    features = np.zeros((len(seeds), len(columns)), np.float32)
    for t in np.unique(seeds.frame):
        frame, on_frame = frames[int(t)], seeds.frame == t
        nodes = frame.nodes_at(seeds.row[on_frame], seeds.col[on_frame])
        features[on_frame] = frame.node_features[nodes][:, columns]
    return features


def discard_contradicted(
    frames: Sequence[FrameGraph],
    painted_pixels: PaintedPixels,
    drawn: Seeds,
    propagated: Seeds,
) -> tuple[Seeds, Seeds]:
    """Discard seeds that contradict the strokes.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    painted_pixels : PaintedPixels
        Pixels labelled by strokes.
    drawn, propagated : Seeds
        Seeds of all rounds.

    Returns
    -------
    drawn : Seeds
        Without seeds whose pixel was erased or painted over, and without presumed
        background on a superpixel that has a stroke of another label.
    propagated : Seeds
        Without tracks of discarded seeds. A track ends where it meets a superpixel that
        has a stroke of another label.
    """
    valid = _agrees_with_strokes(frames, painted_pixels, drawn)
    painted = _painted_label_of_node(frames, painted_pixels, propagated)
    kept = np.isin(propagated.origin, drawn.origin[valid])
    contradicted = kept & (painted != NO_LABEL) & (painted != propagated.label)
    kept &= truncate_tracks(contradicted, propagated, drawn)
    return drawn.take(valid), propagated.take(kept)


def _agrees_with_strokes(
    frames: Sequence[FrameGraph], painted_pixels: PaintedPixels, drawn: Seeds
) -> NDArray[np.bool_]:
    """Mark drawn seeds that agree with the strokes, (S,).

    A sampled seed must lie on a pixel painted with its label; presumed background must
    not lie on a superpixel painted with another label.
    """
    pixel_label = _painted_label_of_pixel(painted_pixels, drawn)
    node_label = _painted_label_of_node(frames, painted_pixels, drawn)
    valid: NDArray[np.bool_] = np.where(
        drawn.round_index == 0,
        (node_label == NO_LABEL) | (node_label == drawn.label),
        pixel_label == drawn.label,
    ).astype(bool)
    return valid


def _painted_label_of_pixel(
    painted_pixels: PaintedPixels, seeds: Seeds
) -> NDArray[np.int64]:
    """Look up the label painted on the pixel of each seed, (S,); -1 if none."""
    painted = np.stack([painted_pixels.frame, painted_pixels.row, painted_pixels.col])
    pixels = np.stack([seeds.frame, np.rint(seeds.row), np.rint(seeds.col)])
    shape = np.maximum(painted.max(axis=1, initial=0), pixels.max(axis=1, initial=0))
    shape = shape.astype(int) + 1
    painted_index, index = (
        np.ravel_multi_index(tuple(points.astype(np.int64)), tuple(shape))
        for points in (painted, pixels)
    )
    labels = np.full(len(seeds), NO_LABEL, np.int64)
    if len(painted_pixels):
        order = np.argsort(painted_index, kind="stable")
        nearest = np.searchsorted(painted_index, index, sorter=order)
        nearest = order[np.minimum(nearest, len(order) - 1)]
        is_painted = painted_index[nearest] == index
        labels[is_painted] = painted_pixels.label[nearest[is_painted]]
    return labels


def _painted_label_of_node(
    frames: Sequence[FrameGraph], painted_pixels: PaintedPixels, seeds: Seeds
) -> NDArray[np.int64]:
    """Look up the label painted on the superpixel of each seed, (S,); -1 if none."""
    labels = np.full(len(seeds), NO_LABEL, np.int64)
    for t in np.intersect1d(painted_pixels.frame, seeds.frame):
        frame = frames[int(t)]
        painted = painted_pixels.take(painted_pixels.frame == t)
        node_labels = np.full(frame.n, NO_LABEL, np.int64)
        node_labels[frame.nodes_at(painted.row, painted.col)] = painted.label
        on_frame = np.flatnonzero(seeds.frame == t)
        nodes = frame.nodes_at(seeds.row[on_frame], seeds.col[on_frame])
        labels[on_frame] = node_labels[nodes]
    return labels
