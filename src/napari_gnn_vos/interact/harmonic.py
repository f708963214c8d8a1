"""Labels diffused over the whole graph: reach beyond the network's hops.

Every superpixel takes the mean of its neighbours and of what the label model says of
it; seeds are held. This is one sparse, positive definite system of equations.

X. Zhu et al., "Semi-Supervised Learning Using Gaussian Fields and Harmonic Functions",
ICML 2003; L. Grady, "Random Walks for Image Segmentation", PAMI 2006.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.incoming_edges import IncomingEdges, window_edge_index
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.structures.weak_cache import WeakCache

F32 = NDArray[np.float32]
PRIOR = 0.02
"""Weight of the label model against the ties to the neighbours."""
DRAWN, SPREAD = 50.0, 1.0
"""Weight of a drawn and of a spread seed."""
WITHIN, BETWEEN = 0.3, 1.0
"""Strength of ties within a frame and between frames."""
WINDOW, MARGIN = 128, 48
"""Frames that are solved together, and those more on either side that are seen."""
_STRENGTHS: WeakCache[IncomingEdges, F32] = WeakCache()
STEPS = 60
"""Conjugate gradient steps at most; the answer is good to about 0.01."""


def diffuse(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    priors: Mapping[int, F32],
    frames: range,
) -> dict[int, F32]:
    """Diffuse labels, each against the rest.

    Parameters
    ----------
    graph : VideoGraph
        N superpixels.
    node_labels : SuperpixelLabels
        What is known of them.
    priors : mapping of int to (N,) ndarray of float32
        Probability of every label by the label model.
    frames : range
        Where to; elsewhere the probability stays as it was.

    Returns
    -------
    probability : dict of int to (N,) ndarray of float32

    Notes
    -----
    A long video is solved a window at a time; windows overlap by twice `MARGIN` frames,
    which is as far as what is known reaches.
    """
    labels, first = list(priors), graph.offsets
    pull = np.full((graph.n, 1), PRIOR, np.float32)
    prior = np.stack([priors[label] for label in labels], axis=1)
    goal = prior * np.float32(PRIOR)
    for known, weight in ((node_labels.drawn, DRAWN), (node_labels.propagated, SPREAD)):
        pull[known != UNLABELLED] += weight
        goal += np.float32(weight) * (known[:, None] == np.array(labels))
    out = prior.copy()
    for span, kept in _windows(frames):
        rows = slice(first[span.start], first[span.stop])
        mine = slice(first[kept.start], first[kept.stop])
        incoming = _ties(graph, span)
        degree = np.asarray(incoming.sum(axis=1)).reshape(-1, 1).astype(np.float32)
        found = _solve(incoming, degree + pull[rows], goal[rows], prior[rows])
        out[mine] = found[mine.start - rows.start : mine.stop - rows.start]
    columns = np.ascontiguousarray(np.clip(out, 0, 1).T)
    return dict(zip(labels, columns, strict=True))


def _windows(frames: range) -> Iterator[tuple[range, range]]:
    """Frames to solve together, and those of them whose answer is taken."""
    for begin in frames[: max(len(frames) - MARGIN, 1) : WINDOW]:
        end = begin + WINDOW if begin + WINDOW + MARGIN < frames.stop else frames.stop
        yield (
            range(max(begin - MARGIN, frames.start), min(end + MARGIN, frames.stop)),
            range(begin, end),
        )


def _ties(graph: VideoGraph, span: range) -> csr_array[np.float32]:
    """Strength of the ties between the superpixels of some frames."""
    offsets = graph.offsets[span.start : span.stop + 1] - graph.offsets[span.start]
    n = int(offsets[-1])
    incoming = [graph.incoming[t] for t in span]
    (source, target), inside = window_edge_index(incoming, offsets)
    strength = partial(_strength, names=graph.edge_feature_names)
    strengths = np.concatenate([_STRENGTHS.of(edges, strength) for edges in incoming])
    in_degree = np.bincount(target[inside], minlength=n)
    row_start = np.concatenate([[0], np.cumsum(in_degree)]).astype(np.int32)
    return csr_array((strengths[inside], source[inside], row_start), (n, n))


def _strength(incoming: IncomingEdges, names: tuple[str, ...]) -> F32:
    """How strongly superpixels are tied: alike, with a long border or carried over."""
    column = {name: incoming.edge_features[:, k] for k, name in enumerate(names)}
    look = column["delta_l"] + column["delta_a"] + column["delta_b"]
    look = look + column["delta_motion_next"]
    share = np.maximum(column["flow_share_source"], column["flow_share_target"])
    rim = np.maximum(column["border_share_source"], column["border_share_target"])
    touches = column["is_spatial"]
    reach = WITHIN * touches * rim * 4 + BETWEEN * (1 - touches) * share
    return np.asarray(np.exp(-1.5 * look) * reach, np.float32)


def _solve(
    incoming: csr_array[np.float32], diagonal: F32, goal: F32, guess: F32
) -> F32:
    """Conjugate gradients with the diagonal as preconditioner, a column a label."""
    x = guess.copy()
    r = goal - (diagonal * x - incoming @ x)
    z = r / diagonal
    p, rz = z, _dot(r, z)
    target = 1e-6 * np.maximum(_dot(goal, goal / diagonal), 1e-12)
    for _ in range(STEPS):
        going = rz >= target
        if not going.any():
            break
        q = diagonal * p - incoming @ p
        step = np.where(going, rz / _dot(p, q), 0).astype(np.float32)
        x += step * p
        r -= step * q
        z = r / diagonal
        rz, before = _dot(r, z), rz
        p = z + (rz / before).astype(np.float32) * p
    return x


def _dot(a: F32, b: F32) -> NDArray[np.float64]:
    """Inner products of columns, (K,)."""
    products = np.einsum("nk,nk->k", a, b)
    return np.asarray(np.maximum(products.astype(np.float64), 1e-30))
