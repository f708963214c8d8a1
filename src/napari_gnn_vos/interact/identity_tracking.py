"""Track the identity of connected regions from frame to frame along optical flow.

The identity of a region is that of the regions of the adjacent frame that flow maps
into it. A region that receives one identity has it as a whole. In a region that
receives several, such as two objects that touch, each superpixel has its own. Tracks
start at superpixels of known identity and run in both directions of time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
UNKNOWN = -1
INSIDE = 0.9
"""Smallest probability of a superpixel in a region."""
DOMINANT = 0.85
"""Smallest share of an identity in the pixels mapped into a region to be assigned."""
UNDIVIDED = 0.8
"""Share of a region that flow maps into one region, below which it is divided."""
DECAY_PER_FRAME, DECAY_IN_GAP = 0.995, 0.5
"""Factors of the confidence per frame, in regions and in gaps of the prediction."""
MIN_CONFIDENCE = 0.01
"""Confidence below which a track in a gap ends."""
FILL_STEPS = 20
"""Largest distance, in edges, over which identities are filled within a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class _Regions:
    """Connected superpixels of a frame.

    Parameters
    ----------
    inside : (n,) ndarray of bool
        Whether a superpixel belongs to a region.
    members : (n, n) csr_array of float32
        1 at [region, superpixel].
    known : (n, K) ndarray of float32
        1 at the known identity of a superpixel.
    adjacent : (n, n) csr_array of float32
        1 at adjacent superpixels of the same region.
    """

    inside: NDArray[np.bool_]
    members: csr_array[np.float32]
    known: F32
    adjacent: csr_array[np.float32]


def track_identities(
    graph: VideoGraph, known: Ints, probability: F32, frames: range
) -> Ints:
    """Track known identities through frames, forward and backward in time.

    Parameters
    ----------
    graph : VideoGraph
        N superpixels.
    known : (N,) ndarray of int64
        Known identity of each superpixel, from 0; -1 if none.
    probability : (N,) ndarray of float32
        Probability that a superpixel belongs to any of the objects.
    frames : range

    Returns
    -------
    identity : (N,) ndarray of int64
        Identity with the largest sum of confidences of both directions. -1 in regions
        that no track reaches, and in other frames. Superpixels outside of all regions
        have the identity of a region nearby.
    """
    identity = np.full(graph.n, UNKNOWN)
    one_hot = known[:, None] == np.arange(known.max(initial=UNKNOWN) + 1)
    if not one_hot.any():
        return identity
    data = graph, one_hot.astype(np.float32), probability
    score = _track(*data, frames) + _track(*data, frames[::-1])
    for t in frames:
        rows = slice(graph.offsets[t], graph.offsets[t + 1])
        outside = (probability[rows] <= INSIDE) & ~one_hot[rows].any(axis=1)
        score_inside = np.where(outside[:, None], 0, score[rows])
        adjacent = _adjacency(graph.frames[t].spatial_edges, len(outside))
        frame_score = _fill(score_inside, adjacent, outside)
        tracked = frame_score.any(axis=1)
        identity[rows] = np.where(tracked, frame_score.argmax(axis=1), UNKNOWN)
    return identity


def _track(graph: VideoGraph, known: F32, probability: F32, frames: range) -> F32:
    """Track identities through consecutive frames, in the given order.

    Returns
    -------
    score : (N, K) ndarray of float32
        Confidence of one identity of each superpixel; else 0.
    """
    score = np.zeros_like(known)
    previous: _Regions | None = None
    previous_rows = slice(0)
    for t in frames:
        rows = slice(graph.offsets[t], graph.offsets[t + 1])
        edges = graph.frames[t].spatial_edges
        regions = _find_regions(edges, known[rows], probability[rows])
        if previous is None:
            no_votes = np.zeros_like(regions.known)
            score[rows] = _decide(regions, no_votes, no_votes, no_votes[:, 0])
        else:
            overlap = _overlap(graph, min(t, t - frames.step))
            overlap = overlap if frames.step > 0 else csr_array(overlap.T)
            score[rows] = _advance(score[previous_rows], previous, regions, overlap)
        previous, previous_rows = regions, rows
    return score


def _adjacency(edges: NDArray[np.int32], n: int) -> csr_array[np.float32]:
    both = np.concatenate([edges, edges[::-1]], axis=1)
    return csr_array((np.ones(both.shape[1], np.float32), both), (n, n))


def _find_regions(edges: NDArray[np.int32], known: F32, probability: F32) -> _Regions:
    """Find the connected regions of the n superpixels of a frame."""
    n, inside = len(known), (probability > INSIDE) | known.any(axis=1)
    adjacent = _adjacency(edges[:, inside[edges].all(axis=0)], n)
    region = connected_components(adjacent, directed=False)[1]
    nodes = np.flatnonzero(inside)
    ones = np.ones(len(nodes), np.float32)
    members = csr_array((ones, (region[nodes], nodes)), (n, n))
    return _Regions(inside, members, known, adjacent)


def _overlap(graph: VideoGraph, t: int) -> csr_array[np.float32]:
    """Count pixels that flow maps between superpixels of frame `t` and the next.

    Returns
    -------
    overlap : (m, n) csr_array of float32
        At [superpixel of the next frame, superpixel of this frame].
    """
    pair, names = graph.pairs[t], graph.edge_feature_names
    source, target = pair.causal_edges
    sizes, next_sizes = graph.frames[t].sizes, graph.frames[t + 1].sizes
    share = pair.edge_features[:, names.index("flow_share_source")]
    next_share = pair.edge_features[:, names.index("flow_share_target")]
    pixels = (share * sizes[source] + next_share * next_sizes[target]) / 2
    shape = len(next_sizes), len(sizes)
    return csr_array((pixels.astype(np.float32), (target, source)), shape)


def _advance(
    score: F32, previous: _Regions, current: _Regions, overlap: csr_array[np.float32]
) -> F32:
    """Track identities to the adjacent frame, (m, K)."""
    weight = np.where(previous.inside, 1, score.max(axis=1)).astype(np.float32)
    votes = overlap @ (weight[:, None] * (score > 0))
    confidence, covered = overlap @ (weight[:, None] * score), overlap @ weight
    received = overlap @ np.ones(len(score), np.float32)
    tracked = _decide(current, votes, confidence, covered)
    share = current.members.T @ _share_of_source(previous, current, overlap)
    tracked *= np.where(share < UNDIVIDED, share, 1)[:, None] * DECAY_PER_FRAME
    gap_votes = overlap @ score
    gap = _divide(_largest(gap_votes, gap_votes), received) * DECAY_IN_GAP
    gap[gap < MIN_CONFIDENCE] = 0
    score = np.where(current.inside[:, None], tracked, gap)
    is_known = current.known.any(axis=1, keepdims=True)
    return np.asarray(np.where(is_known, current.known, score), np.float32)


def _decide(regions: _Regions, votes: F32, confidence: F32, covered: F32) -> F32:
    """Assign an identity to each region, or to each of its superpixels.

    Parameters
    ----------
    regions : _Regions
    votes : (n, K) ndarray of float32
        Pixels of each identity that flow maps to a superpixel.
    confidence : (n, K) ndarray of float32
        The same, times their confidence.
    covered : (n,) ndarray of float32
        Pixels of all regions and tracks that flow maps to a superpixel.

    Returns
    -------
    score : (n, K) ndarray of float32
    """
    members = regions.members
    known, region_votes = (members @ regions.known) > 0, members @ votes
    total, known_count = region_votes.sum(axis=1), known.sum(axis=1)
    weighted = _largest(region_votes, members @ confidence)
    received = _divide(weighted, members @ covered)
    region_score = np.where(known_count[:, None] == 1, known, received)
    is_dominated = (total > 0) & (region_votes.max(axis=1) >= DOMINANT * total)
    is_uniform = np.where(known_count > 0, known_count == 1, is_dominated)
    node_score = _divide(_largest(votes, confidence), covered)
    is_known = regions.known.any(axis=1, keepdims=True)
    node_score = np.where(is_known, regions.known, node_score)
    in_uniform = members.T @ is_uniform.astype(np.float32) > 0
    missing = regions.inside & ~in_uniform & ~node_score.any(axis=1)
    node_score = _fill(node_score, regions.adjacent, missing)
    of_region = members.T @ region_score.astype(np.float32)
    return np.asarray(np.where(in_uniform[:, None], of_region, node_score), np.float32)


def _share_of_source(
    previous: _Regions, current: _Regions, overlap: csr_array[np.float32]
) -> F32:
    """Compute, per region, the share of its source region that flow maps into it, (m,).

    It is small if the source region is divided, and 1 if there is none.
    """
    pixels = csr_array(current.members @ overlap @ previous.members.T)
    outflow = np.asarray(pixels.sum(axis=0)).ravel()
    largest = np.asarray(pixels.max(axis=1).todense()).ravel()
    source = np.asarray(pixels.argmax(axis=1)).ravel()
    share = np.where(largest > 0, largest / np.maximum(outflow[source], 1e-6), 1)
    return np.asarray(share, np.float32)


def _divide(votes: F32, pixels: F32) -> F32:
    return np.asarray(votes / np.maximum(pixels, 1e-6)[:, None], np.float32)


def _largest(votes: F32, values: F32) -> F32:
    """Keep the value of the most votes in each row, and replace the others by 0."""
    best = np.arange(votes.shape[1]) == votes.argmax(axis=1)[:, None]
    return np.asarray(np.where(best, values, 0), np.float32)


def _fill(
    score: F32, adjacent: csr_array[np.float32], missing: NDArray[np.bool_]
) -> F32:
    """Propagate identities to adjacent superpixels where they are missing."""
    for _ in range(FILL_STEPS):
        votes = adjacent @ score
        new = missing & votes.any(axis=1)
        if not new.any():
            break
        degree = adjacent[new] @ score.any(axis=1).astype(np.float32)
        score[new] = _divide(_largest(votes[new], votes[new]), degree)
        missing = missing & ~new
    return score
