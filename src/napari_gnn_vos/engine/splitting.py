"""Splitting superpixels of a session: ink decides, and the graph is mended around."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.split import split_by_ink
from napari_gnn_vos.prepare.describe import (
    Described,
    describe_labels,
    describe_pair,
    mean_look,
)
from napari_gnn_vos.prepare.node_features import FrameView
from napari_gnn_vos.structures.frame_graph import FramePair
from napari_gnn_vos.structures.seeds import Ink
from napari_gnn_vos.structures.session import Prediction, Session


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
        Its graph is described afresh around the split superpixels; their parts
        inherit the answer of the whole.
    """
    graph, ink = session.graph, session.ink
    split: dict[int, Described] = {}
    parents: dict[int, NDArray[np.int64]] = {}
    for t in sorted(touched):
        here = ink.take(ink.frame == t)
        picture = session.video.rgb(t)
        parts = split_by_ink(
            graph.frames[t].labels,
            picture,
            here.row,
            here.col,
            here.label,
            _doubted(session, t, here),
        )
        if parts is not None:
            labels, parents[t] = parts
            view = _view(session, t, labels)
            split[t] = describe_labels(view, graph.frames[t].appearance[parents[t]])
    if not split:
        return session
    frames = {t: frame for t, (frame, _) in split.items()}
    graph = graph.exchange(frames, _new_pairs(session, split))
    return replace(session, graph=graph, prediction=_inherit(session, parents))


def _doubted(session: Session, t: int, ink: Ink) -> NDArray[np.bool_]:
    """Superpixels of a frame that ink claims for another label than they had, (n,)."""
    frame, answer = session.graph.frames[t], session.prediction
    doubted = np.zeros(frame.n, bool)
    if answer is not None:
        names = np.array((0, *answer.objects))
        given = names[answer.probability[t].argmax(axis=1)]
        at = frame.labels[ink.row, ink.col]
        doubted[at[given[at] != ink.label]] = True
    return doubted


def _view(session: Session, t: int, labels: NDArray[np.uint16]) -> FrameView:
    pairs, count = session.graph.pairs, session.graph.shape[0]
    before = pairs[t - 1].flow if t > 0 else None
    after = pairs[t].flow if t + 1 < count else None
    return FrameView(labels, session.video.rgb(t), before, after)


def _new_pairs(session: Session, split: dict[int, Described]) -> dict[int, FramePair]:
    """Tie frames with new superpixels to the frames around them."""
    graph = session.graph

    def described(t: int) -> Described:
        if t not in split:
            frame = graph.frames[t]
            return frame, mean_look(_view(session, t, frame.labels))
        return split[t]

    starts = {t + d for t in split for d in (-1, 0)} & set(range(len(graph.pairs)))
    share = session.config.prepare.edges.least_share
    return {
        t: describe_pair(described(t), described(t + 1), graph.pairs[t].flow, share)
        for t in starts
    }


def _inherit(
    session: Session, parents: dict[int, NDArray[np.int64]]
) -> Prediction | None:
    """Give the parts of a superpixel the answer of the whole."""
    if session.prediction is None:
        return None
    rows = list(session.prediction.probability)
    for t, numbers in parents.items():
        rows[t] = rows[t][numbers]
    return replace(session.prediction, probability=tuple(rows))
