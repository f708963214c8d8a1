"""Pipelines of preparation and rounds with the engine, and work ahead in threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event, Thread, main_thread

import numpy as np

from napari_gnn_vos.config import Config, Quality
from napari_gnn_vos.hardware import responsive_threads
from napari_gnn_vos.model.named_models import DEFAULT
from napari_gnn_vos.progress import Pipeline, Progress, drain
from napari_gnn_vos.structures.project import SavedPrediction
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video


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
    from napari_gnn_vos.model.registry import load_model

    session = annotate(session, scribbles, rng=rng)
    return (yield from predict(session, load_model(model), first=frame))


def restore_round(
    session: Session,
    scribbles: Sequence[Scribble],
    rng: np.random.Generator,
    saved: SavedPrediction,
) -> Session | None:
    """Add the scribbles of a saved round, and its result instead of a prediction.

    Parameters
    ----------
    session : Session
        Session before the round.
    scribbles : sequence of Scribble
    rng : numpy.random.Generator
        In the state of the original round.
    saved : SavedPrediction

    Returns
    -------
    session : Session or None
        None if the result does not fit to the superpixels.
    """
    from napari_gnn_vos.engine import annotate

    annotated = annotate(session, scribbles, rng=rng)
    counts = [len(rows) for rows in saved.prediction.probability]
    if counts != annotated.graph.counts.tolist():
        return None
    return replace(annotated, prediction=saved.prediction, packed_labels=saved.labels)


@cache
def warm_up_in_thread() -> Thread:
    """Load kernels, label model and network in a thread, once per process.

    Loading takes seconds, in which the user paints the first strokes.

    Returns
    -------
    thread : Thread
        The thread of the first call.
    """
    thread = Thread(target=_warm_up_while_open, name="warm-up")
    thread.start()
    return thread


def _warm_up_while_open() -> None:
    """Warm up, and ignore errors that are caused by the end of the process."""
    try:
        with responsive_threads():
            warm_up()
    except Exception:
        if main_thread().is_alive():
            raise


def _exit_with_process(_step: Progress) -> None:
    if not main_thread().is_alive():
        raise SystemExit  # ends only this thread


def warm_up() -> None:
    """Prepare, annotate and predict a video of two frames.

    The object is large enough for the boundary decoder.
    """
    from napari_gnn_vos.engine import annotate, predict, start
    from napari_gnn_vos.model.registry import load_model

    frames = np.full((2, 160, 192, 3), 40, np.uint8)
    frames[:, 40:120, 56:136] = 200
    scribbles = (
        Scribble(0, 1, np.array([[50, 66], [110, 126]])),
        Scribble(0, 0, np.array([[10, 10], [10, 180]])),
    )
    session = drain(start(Video(frames, name="warm-up")), _exit_with_process)
    session = annotate(session, scribbles, rng=np.random.default_rng(0))
    drain(predict(session, load_model(), first=0), _exit_with_process)


class EncodeAhead:
    """Encode the frames of a prepared video in a thread, until something else starts.

    The user paints the first strokes meanwhile.
    """

    def __init__(self) -> None:
        self._stopped = Event()

    def start(self, session: Session, first: int) -> Thread:
        """Encode the frames of a session outwards from one; stop those of another.

        Parameters
        ----------
        session : Session
        first : int

        Returns
        -------
        thread : Thread
            Ends with the process.
        """
        self.stop()
        self._stopped = stopped = Event()

        def encode() -> None:
            from napari_gnn_vos.engine import encode_frames

            with responsive_threads():
                for _ in encode_frames(session, first=first):
                    if stopped.is_set() or not main_thread().is_alive():
                        return

        thread = Thread(target=encode, name="encode-frames")
        thread.start()
        return thread

    def stop(self) -> None:
        """Request the thread to end after the present frame."""
        self._stopped.set()


_encode_ahead = EncodeAhead()
