"""The annotator with the real engine, for scripts, consoles and the dock widget.

It needs napari, but neither Qt nor a screen::

    viewer = napari.Viewer()  # or napari.components.ViewerModel()
    image = viewer.open("clip.mp4", plugin="napari-gnn-vos")[0]
    work = annotator(viewer)
    work.open(image)
    work.active_label.choose(1)
    work.workspace.strokes.paint((0, 120, 90), 1)
    work.predict()
    viewer.layers["segmentation"].data
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread, main_thread
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import napari
import numpy as np
from napari.utils.notifications import show_warning
from platformdirs import user_cache_path

from napari_gnn_vos.config import Config, Quality
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.jobs import Runner, run_at_once
from napari_gnn_vos.controller.rounds import ModelChoice
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.hardware import responsive_threads
from napari_gnn_vos.model.named_models import DEFAULT
from napari_gnn_vos.progress import Pipeline, Progress, drain
from napari_gnn_vos.structures.project import SavedPrediction
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    from napari.components import ViewerModel

_running: WeakValueDictionary[int, Annotator] = WeakValueDictionary()
"""Latest annotator of each viewer, by the id of the viewer."""


def annotator(
    viewer: ViewerModel | None = None, run: Runner | None = None, seed: int = 0
) -> Annotator:
    """Return the annotator of a viewer's dock widget, or create one.

    Parameters
    ----------
    viewer : napari.components.ViewerModel, optional
        Any napari viewer, with or without a window; the current one by default.
    run : Runner, optional
        Creates a new annotator whose pipelines are executed by it. Without a dock
        widget, each call returns when its job is done.
    seed : int
        Of a new annotator: the same strokes and seed give the same prediction.

    Returns
    -------
    annotator : Annotator

    Raises
    ------
    GnnVosError
        If no viewer is given and none is open.
    """
    viewer = viewer or napari.current_viewer()
    if viewer is None:
        raise GnnVosError("There is no napari window. Open one, or pass a viewer.")
    running = _running.get(id(viewer))
    if run is None and running is not None and not running.closed:
        return running
    models = ModelChoice()

    def predict(
        session: Session,
        scribbles: Sequence[Scribble],
        rng: np.random.Generator,
        frame: int,
    ) -> Pipeline[Session]:
        return predict_round(session, scribbles, rng, frame, models.name)

    controller = Controller(prepare, predict, run or run_at_once, seed, restore_round)
    new = _running[id(viewer)] = Annotator(viewer, controller, models)
    return new


def prepare(
    video: Video, frame: int, quality: Quality = "balanced"
) -> Pipeline[Session]:
    """Start a session with the user's cache folder; `frame` is prepared first.

    Afterwards frames are encoded for the boundary decoder in a thread, until a round
    starts.

    Parameters
    ----------
    video : Video
    frame : int
        Number of the frame that is prepared first.
    quality : {"fast", "balanced", "best"}
        Quality of superpixels and flow.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
    """
    yield Progress("Starting", 0, 1)
    from napari_gnn_vos.engine import start

    warm_up_in_thread()
    folder = writable_or_none(user_cache_path("napari-gnn-vos"))
    session = yield from start(video, Config.at(quality), folder, frame)
    _encode_ahead.start(session, frame)
    return session


def writable_or_none(folder: Path) -> Path | None:
    """Return a folder if files can be written to it; otherwise warn, return None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        show_warning(
            f"Nothing can be written to {folder} ({error}). The prepared video "
            "stays in memory, and must be prepared again the next time."
        )
        return None


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
    from napari_gnn_vos.structures.scribbles import Scribble
    from napari_gnn_vos.structures.video import Video

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
