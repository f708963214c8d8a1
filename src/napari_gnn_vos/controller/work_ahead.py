"""Work that is done in threads before its result is needed.

The modules of the engine are loaded, frames are encoded and superpixels are split
while the user paints.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from threading import Event, Thread, main_thread
from weakref import WeakKeyDictionary

import numpy as np

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.hardware import lower_thread_priority, responsive_threads
from napari_gnn_vos.progress import POLL_SECONDS, Pipeline, Progress, drain
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph


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
    with _until_exit():
        warm_up()


@contextmanager
def _until_exit() -> Iterator[None]:
    """Run the body beside the window; ignore errors during interpreter shutdown.

    Threads and thread pools cannot be used during shutdown, which may begin before the
    main thread has ended.
    """
    try:
        with responsive_threads():
            yield
    except Exception as error:
        if main_thread().is_alive() and "interpreter shutdown" not in str(error):
            raise


def _exit_with_process(_step: Progress) -> None:
    if not main_thread().is_alive():
        raise SystemExit  # ends only this thread


def warm_up() -> None:
    """Prepare, annotate and predict a video of two frames.

    The object is large enough for the boundary decoder.
    """
    from napari_gnn_vos.engine import annotate, predict, start
    from napari_gnn_vos.model.loading import shared_model

    frames = np.full((2, 160, 192, 3), 40, np.uint8)
    frames[:, 40:120, 56:136] = 200
    scribbles = (
        Scribble(0, 1, np.array([[50, 66], [110, 126]])),
        Scribble(0, 0, np.array([[10, 10], [10, 180]])),
    )
    session = drain(start(Video(frames, name="warm-up")), _exit_with_process)
    session = annotate(session, scribbles, rng=np.random.default_rng(0))
    drain(predict(session, shared_model(), first=0), _exit_with_process)


class EncodeAhead:
    """Encode the frames of a prepared video in a thread, until something else starts.

    The user paints the first strokes meanwhile.
    """

    def __init__(self) -> None:
        self._stopped = Event()

    def start(self, session: Session, first: int) -> Thread:
        """Start encoding frames outwards from `first`; stop that of another session.

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

            with _until_exit():
                for _ in encode_frames(session, first=first):
                    if stopped.is_set() or not main_thread().is_alive():
                        return

        thread = Thread(target=encode, name="encode-frames")
        thread.start()
        return thread

    def stop(self) -> None:
        """Request the thread to end after the current frame."""
        self._stopped.set()


class SplitAhead:
    """Split the superpixels of a predicted session in a thread, for the next round.

    The user looks at the result and paints the next strokes meanwhile.
    """

    def __init__(self) -> None:
        self._threads: WeakKeyDictionary[Video, _SplittingThread] = WeakKeyDictionary()

    def start(self, session: Session) -> Thread:
        """Start splitting the superpixels of a session; stop that of an earlier one.

        Returns
        -------
        thread : Thread
            Ends with the process.
        """
        self._stop(session.video)
        self._threads[session.video] = thread = _SplittingThread(session)
        thread.start()
        return thread

    def is_split(self, session: Session) -> bool:
        """Return whether `result` returns at once, without splitting superpixels."""
        prediction, thread = session.prediction, self._thread(session)
        if prediction is None or prediction.superpixels_split:
            return True
        is_complete = thread is not None and thread.graph is not None
        return is_complete or not session.config.coarse_to_fine

    def is_running(self, session: Session) -> bool:
        """Return whether the superpixels of a session are being split."""
        thread = self._thread(session)
        return thread is not None and thread.is_alive()

    def result(self, session: Session) -> Pipeline[Session]:
        """Return a session with split superpixels; wait for the thread, if any.

        A thread that splits the superpixels of another session, such as an undone
        round, is stopped.

        Parameters
        ----------
        session : Session
            The started one, or one with the same prediction.

        Yields
        ------
        step : Progress
        """
        thread = self._thread(session)
        if thread is None:
            self._stop(session.video)
            return (yield from _split(session))
        while thread.is_alive():
            yield thread.step
            thread.join(POLL_SECONDS)
        if thread.graph is None:  # an error, or the thread was stopped
            return (yield from _split(session))
        return replace(session, graph=thread.graph, prediction=thread.prediction)

    def _thread(self, session: Session) -> _SplittingThread | None:
        """Return the thread of the prediction of a session, if there is one."""
        thread = self._threads.get(session.video)
        return thread if thread is not None and thread.splits(session) else None

    def _stop(self, video: Video) -> None:
        """Stop the thread of a video, if there is one."""
        thread = self._threads.get(video)
        if thread is not None:
            thread.stop()


class _SplittingThread(Thread):
    """Split the superpixels of a session, and keep graph and prediction only.

    Attributes
    ----------
    step : Progress
        The latest one.
    graph : VideoGraph or None
        None until the superpixels are split.
    prediction : Prediction
        Prediction of the split superpixels.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(name="split-superpixels")
        self._session: Session | None = session
        self._original, self._stopped = session.prediction, Event()
        self.step = Progress("split superpixels", 0, session.graph.shape[0])
        self.graph: VideoGraph | None = None
        self.prediction = session.prediction

    def splits(self, session: Session) -> bool:
        """Return whether this is the thread of the prediction of a session."""
        return session.prediction is self._original

    def stop(self) -> None:
        """Request the thread to end after the current frame, without a result."""
        self._stopped.set()

    def run(self) -> None:
        """Split the superpixels; an error occurs again in the next round."""
        session, self._session = self._session, None
        assert session is not None  # noqa: S101 - set by the constructor
        lower_thread_priority()
        with _until_exit(), suppress(GnnVosError, _StoppedError):
            session = drain(_split(session), self._continue)
            self.graph, self.prediction = session.graph, session.prediction

    def _continue(self, step: Progress) -> None:
        self.step = step
        if self._stopped.is_set() or not main_thread().is_alive():
            raise _StoppedError


class _StoppedError(Exception):
    """The superpixels are no longer needed, or the process ends."""


def _split(session: Session) -> Pipeline[Session]:
    from napari_gnn_vos.engine import split_at_boundaries

    return split_at_boundaries(session)
