"""Splitting superpixels of a session: ink decides, and the graph is mended around."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.hardware import cores
from napari_gnn_vos.interact.split import split_mixed_superpixels
from napari_gnn_vos.prepare.describe import (
    Described,
    describe_labels,
    describe_pair,
    mean_look,
)
from napari_gnn_vos.prepare.node_features import FrameView
from napari_gnn_vos.prepare.pool import pool_maps
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Rgb


def split_session(session: Session, touched: set[int]) -> Session:
    """Split superpixels that strokes show to be of several labels.

    Parameters
    ----------
    session : Session
        With the newest ink.
    touched : set of int
        Frames that were drawn on.

    Returns
    -------
    session : Session
        Its graph is described afresh around the split superpixels: each part looks
        as its own pixels do, and inherits the answer of the whole.
    """
    from napari_gnn_vos.model.threads import single_threaded_torch

    graph = session.graph
    read = partial(session.video.rgb, denoise=session.config.prepare.denoise)
    pictures = CachedSequence(read, session.video.shape[0])
    split: dict[int, Described] = {}
    parents: dict[int, NDArray[np.int64]] = {}
    with ThreadPoolExecutor(cores()) as pool:
        apart = pool.map(partial(_split_frame, session, pictures), sorted(touched))
        for t, parts in zip(sorted(touched), apart, strict=True):
            if parts is not None:
                split[t], parents[t] = parts
        if not split:
            return session
        with (
            single_threaded_torch()
        ):  # for all frames at once: it is torch's, not a thread's
            looks = {
                t: pool.submit(_own_looks, session, pictures[t], frame, parents[t])
                for t, (frame, _) in split.items()
            }
            pairs = _new_pairs(session, split, pool)
            frames = {t: look.result() for t, look in looks.items()}
    graph = graph.exchange(frames, pairs)
    return replace(session, graph=graph, prediction=_inherit(session, parents))


def _split_frame(
    session: Session, pictures: Sequence[Rgb], t: int
) -> tuple[Described, NDArray[np.int64]] | None:
    """Split a frame; describe it, and tell where its superpixels come from, (n,)."""
    frame, painted_pixels = session.graph.frames[t], session.painted_pixels
    here = painted_pixels.take(painted_pixels.frame == t)
    drawn = here.row, here.col, here.label
    doubted = _doubted(session, t, here)
    parts = split_mixed_superpixels(frame.labels, pictures[t], *drawn, doubted)
    if parts is None:
        return None
    labels, parents = parts
    look = frame.appearance[parents]
    view = FrameView(labels, pictures[t], *_flows(session, t))
    return describe_labels(view, look), parents


def _own_looks(
    session: Session, picture: Rgb, frame: FrameGraph, parents: NDArray[np.int64]
) -> FrameGraph:
    """Let the parts of split superpixels look as their own pixels do."""
    settings = session.config.label_model
    if not (settings.enabled and settings.recompute_appearance):
        return frame
    from napari_gnn_vos.model.backbone import embed_around
    from napari_gnn_vos.model.registry import load_backbone

    part = np.bincount(parents)[parents] > 1
    embed = load_backbone(session.config.prepare.backbone)
    maps = embed_around(embed, picture, part[frame.labels])
    look = frame.appearance.copy()
    look[part] = pool_maps(maps, frame.labels)[part]
    return replace(frame, appearance=look)


def _doubted(
    session: Session, t: int, painted_pixels: PaintedPixels
) -> NDArray[np.bool_]:
    """Superpixels of a frame that ink claims for another label than they had, (n,)."""
    frame, answer = session.graph.frames[t], session.prediction
    doubted = np.zeros(frame.n, bool)
    if answer is not None:
        names = np.array((0, *answer.objects))
        given = names[answer.probability[t].argmax(axis=1)]
        at = frame.labels[painted_pixels.row, painted_pixels.col]
        doubted[at[given[at] != painted_pixels.label]] = True
    return doubted


def _flows(session: Session, t: int) -> tuple[Flow | None, Flow | None]:
    """Flow that joins a frame to the one before and to the next."""
    pairs, count = session.graph.pairs, session.graph.shape[0]
    before = pairs[t - 1].flow if t > 0 else None
    after = pairs[t].flow if t + 1 < count else None
    return before, after


def _new_pairs(
    session: Session,
    split: dict[int, Described],
    pool: Executor,
) -> dict[int, FramePair]:
    """Tie frames with new superpixels to the frames around them."""
    graph = session.graph

    def described(t: int) -> Described:
        if t not in split:
            frame = graph.frames[t]
            return frame, mean_look(frame, *_flows(session, t))
        return split[t]

    starts = sorted(
        {t + d for t in split for d in (-1, 0)} & set(range(len(graph.pairs)))
    )
    share = session.config.prepare.edges.least_share

    def described_pair(t: int) -> FramePair:
        flow = graph.pairs[t].flow
        return describe_pair(described(t), described(t + 1), flow, share)

    return dict(zip(starts, pool.map(described_pair, starts), strict=True))


def _inherit(
    session: Session, parents: dict[int, NDArray[np.int64]]
) -> Prediction | None:
    """Give the parts of a superpixel the answer of the whole."""
    if session.prediction is None:
        return None
    rows = list(session.prediction.probability)
    refined = list(session.prediction.refined)
    for t, numbers in parents.items():
        for frames in filter(None, (rows, refined)):
            frames[t] = frames[t][numbers]
    return replace(session.prediction, probability=tuple(rows), refined=tuple(refined))
