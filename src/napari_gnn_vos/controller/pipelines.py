"""Pipelines of preparation and rounds with the engine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_gnn_vos.config import Config, Quality
from napari_gnn_vos.controller.work_ahead import (
    EncodeAhead,
    SplitAhead,
    warm_up_in_thread,
)
from napari_gnn_vos.model.named_models import DEFAULT
from napari_gnn_vos.progress import (
    PartialResult,
    Pipeline,
    Progress,
    as_preliminary,
)
from napari_gnn_vos.structures.project import SavedPrediction
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

_encode_ahead, _split_ahead = EncodeAhead(), SplitAhead()


def prepare(
    video: Video, frame: int, quality: Quality, folder: Path | None
) -> Pipeline[Session]:
    """Start a session; `frame` is prepared first.

    Afterwards frames are encoded for the boundary decoder in a thread, until a round
    starts.

    Parameters
    ----------
    video : Video
    frame : int
        Number of the frame that is prepared first.
    quality : {"fast", "balanced", "best"}
        Quality of superpixels and flow.
    folder : Path or None
        Cache of prepared videos; None keeps the video in memory.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
    """
    from napari_gnn_vos.engine import start

    warm_up_in_thread()
    session = yield from start(video, Config.at(quality), folder, frame)
    _encode_ahead.start(session, frame)
    return session


def predict_round(
    session: Session,
    scribbles: Sequence[Scribble],
    rng: np.random.Generator,
    frame: int,
    model: str = DEFAULT,
) -> Pipeline[Session]:
    """Add scribbles and predict with a model; `frame` is predicted first.

    Superpixels along the boundaries of the previous round are split in a thread after
    it. Until this is complete, preliminary labels of unsplit superpixels are shown.

    Parameters
    ----------
    session : Session
    scribbles : sequence of Scribble
        New since the last round.
    rng : numpy.random.Generator
        Samples the seeds.
    frame : int
        Number of the frame that is predicted first.
    model : str
        Name of the model.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
    """
    yield Progress("Reading strokes", 0, 1)
    _encode_ahead.stop()
    from napari_gnn_vos.engine import annotate, predict
    from napari_gnn_vos.model.loading import shared_model

    network = shared_model(model)
    if not _split_ahead.is_split(session):
        unsplit = _without_splitting(session)
        unsplit = annotate(unsplit, scribbles, rng=deepcopy(rng))
        preview = predict(unsplit, network, first=frame)
        yield from _show_until_split(preview, session, frame)
    session = yield from _split_ahead.result(session)
    session = annotate(session, scribbles, rng=rng)
    session = yield from predict(session, network, first=frame)
    _split_ahead.start(session)
    return session


def _show_until_split(
    preview: Pipeline[Session], session: Session, frame: int
) -> Pipeline[None]:
    """Show labels of unsplit superpixels while a thread splits them.

    Parameters
    ----------
    preview : Pipeline
        Prediction of the round without splitting superpixels.
    session : Session
        Session before the round.
    frame : int
        Shown in any case.

    Yields
    ------
    step : Progress
        Among them a preliminary `PartialResult` for each labelled frame.
    """
    is_shown = False
    with closing(preview):
        for step in preview:
            yield as_preliminary(step, step.total)
            if isinstance(step, PartialResult) and step.frame == frame:
                is_shown = True
            if is_shown and not _split_ahead.is_running(session):
                return


def restore_round(
    session: Session,
    scribbles: Sequence[Scribble],
    rng: np.random.Generator,
    saved: SavedPrediction,
) -> Pipeline[Session | None]:
    """Add the scribbles of a saved round, and its result instead of a prediction.

    The superpixels are those along predicted boundaries, or the ones before splitting
    if the result has their number, as in projects of earlier versions.

    Parameters
    ----------
    session : Session
        Session before the round.
    scribbles : sequence of Scribble
    rng : numpy.random.Generator
        In the state of the original round.
    saved : SavedPrediction

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session or None
        None if the result does not match the superpixels.
    """
    yield Progress("Reading strokes", 0, 1)
    from napari_gnn_vos.engine import annotate, split_at_boundaries

    counts = [len(rows) for rows in saved.prediction.probability]
    split = yield from split_at_boundaries(session)
    for before in (split, _without_splitting(session)):
        annotated = annotate(before, scribbles, rng=deepcopy(rng))
        if counts == annotated.graph.counts.tolist():
            labels = saved.labels
            return replace(annotated, prediction=saved.prediction, packed_labels=labels)
    return None


def _without_splitting(session: Session) -> Session:
    """Return a session whose superpixels `annotate` does not split."""
    prediction = session.prediction
    if prediction is None:
        return session
    return replace(session, prediction=replace(prediction, superpixels_split=True))
