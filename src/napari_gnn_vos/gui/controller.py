"""What the widget does, without a widget and without layers in sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError, NoSeedsError
from napari_gnn_vos.gui.drawing import Drawing, changes
from napari_gnn_vos.gui.history import History, HistoryEntry
from napari_gnn_vos.gui.job_runner import JobRunner
from napari_gnn_vos.gui.review_queue import ReviewQueue
from napari_gnn_vos.gui.runner import Runner
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

Prepare = Callable[[Video, int], Pipeline[Session]]
Answer = Callable[
    [Session, Sequence[Scribble], np.random.Generator, int], Pipeline[Session]
]


class Controller:
    """Keeps a session in step with a drawing, a round at a time.

    What a round leads to is a value, so undo is the value before.

    Parameters
    ----------
    prepare : callable
        Makes the pipeline that turns a video into a session, from the video and the
        frame to begin at.
    answer : callable
        Makes the pipeline of a round, from a session, what is new, a generator, and
        the frame to answer first.
    run : Runner
        Where pipelines run.
    seed : int
        Round r draws from ``numpy.random.default_rng([seed, r])``: the same strokes
        give the same answer, from here and from Python, also after an undo.
    """

    changed = Signal(object)  # the Moment that now counts, or None
    said = Signal(str)

    def __init__(
        self, prepare: Prepare, answer: Answer, run: Runner, seed: int = 0
    ) -> None:
        self.desk = JobRunner(run)
        self.desk.stopped.connect(lambda: self.said.emit("Stopped"))
        self.video: Video | None = None
        self.history: History | None = None
        self._prepare, self._answer, self._seed = prepare, answer, seed
        self._tour = ReviewQueue()

    @property
    def can_undo(self) -> bool:
        """Whether there is a round to take back."""
        return bool(self.history and self.history.before) and not self.desk.busy

    @property
    def can_redo(self) -> bool:
        """Whether there is a round that was taken back."""
        return bool(self.history and self.history.after) and not self.desk.busy

    def open(self, video: Video | None, history: History | None = None) -> None:
        """Take another video, or none; work under way is dropped.

        Parameters
        ----------
        video : Video, optional
        history : History, optional
            Of this video, to go on from.
        """
        self.desk.cancel()
        self.video, self.history = video, history
        self.changed.emit(history and history.now)

    def prepare(self, frame: int = 0, then: Callable[[], object] | None = None) -> None:
        """Make the session of the video.

        Parameters
        ----------
        frame : int
            Frame to begin at.
        then : callable, optional
            What to do afterwards.

        Raises
        ------
        GnnVosError
            If there is no video, or work is under way.
        """
        if self.video is None:
            raise GnnVosError("There is no video. Open one and choose its layer.")
        self.desk.require_free()
        frames, began = self.video.shape[0], perf_counter()

        def prepared(session: Session) -> None:
            self.history = History(session)
            self._tell(f"Prepared {frames} frames in {_since(began)}")

        self.said.emit(f"Preparing {frames} frames ...")
        self.desk.start(self._prepare(self.video, frame), prepared, then)

    def follow(self, drawing: Drawing) -> bool:
        """Step to the moment before or after whose drawing it is, if there is one.

        Parameters
        ----------
        drawing : Drawing
            What is drawn now; everything is cleared if that is nothing.

        Returns
        -------
        followed : bool
            False if only a round can answer it.

        Raises
        ------
        GnnVosError
            If work is under way.
        """
        history = self.history
        if history is None:
            return False
        if self._answers(history.before, drawing):
            self.undo()
        elif self._answers(history.after, drawing):
            self.redo()
        elif not drawing and history.now.round:
            self.reset(history.now.drawing)
        else:
            return False
        return True

    def predict(
        self,
        read: Callable[[], Drawing],
        frame: Callable[[], int] = lambda: 0,
        cleared: Drawing | None = None,
    ) -> None:
        """Answer what is drawn; the video is prepared first if need be.

        Parameters
        ----------
        read : callable
            Tells what is drawn; asked when the round begins.
        frame : callable
            Tells which frame is looked at; it is answered first.
        cleared : Drawing, optional
            What was drawn before an object was cleared away; undo brings it back.

        Raises
        ------
        NoSeedsError
            If nothing is drawn, or background alone.
        GnnVosError
            If there is no video, or work is under way.
        """
        drawing = read()
        if not drawing.objects:
            there = "only background is drawn" if drawing else "nothing is drawn"
            raise NoSeedsError(
                f"An answer needs a stroke on an object; {there}. Choose an object, "
                "paint a stroke on it, and press Predict."
            )
        if self.history is None:
            self.prepare(frame(), lambda: self.predict(read, frame))
        else:
            self._round(self.history, drawing, frame(), cleared)

    def undo(self) -> tuple[HistoryEntry, HistoryEntry]:
        """Take back the last round; return it, and the moment before it.

        Raises
        ------
        GnnVosError
            If there is no such round, or work is under way.
        """
        self.desk.require_free()
        if self.history is None or not self.can_undo:
            raise GnnVosError("There is no round to take back.")
        last = self.history.step_back()
        now = self.history.now.round
        self._tell(f"Back to round {now}" if now else "Back to before the first round")
        return last, self.history.now

    def redo(self) -> tuple[HistoryEntry, HistoryEntry]:
        """Play the round that was taken back last; return the moment before it, and it.

        Raises
        ------
        GnnVosError
            If there is no such round, or work is under way.
        """
        self.desk.require_free()
        if self.history is None or not self.can_redo:
            raise GnnVosError("There is no round that was taken back.")
        before, again = self.history.now, self.history.step_forward()
        what = f"Round {again.round} again" if again.round else "Cleared again"
        self._tell(what)
        return before, again

    def reset(self, cleared: Drawing | None = None) -> None:
        """Begin anew with the prepared video; undo goes back to the last round.

        Parameters
        ----------
        cleared : Drawing, optional
            What was drawn until now; undo brings it back.

        Raises
        ------
        GnnVosError
            If work is under way.
        """
        self.desk.require_free()
        if self.history is not None:
            self.history.add(replace(self.history.start, cleared=cleared))
        self._tell("Everything is cleared; Undo brings it back")

    def look(self) -> int:
        """Tell which frame to look at next, the least sure one of the answer first.

        Raises
        ------
        GnnVosError
            If there is no answer.
        """
        if self.history is None:
            raise GnnVosError("There is no answer yet. Paint strokes, and predict.")
        frame = self._tour.next_frame(self.history.now.session)
        self.said.emit(f"Frame {frame} is likely to be wrong: have a look")
        return frame

    def _round(
        self,
        history: History,
        drawing: Drawing,
        frame: int,
        cleared: Drawing | None = None,
    ) -> None:
        self.desk.require_free()
        last, began = history.now, perf_counter()
        shape = last.session.video.shape
        scribbles = changes(last.drawing, drawing, shape)
        if not scribbles:
            self.said.emit(f"Nothing new is drawn since round {last.round}")
            return

        def answered(session: Session) -> None:
            history.add(HistoryEntry(session, drawing, cleared))
            self._tell(f"Round {last.round + 1}: {_since(began)}, {shape[0]} frames")

        self.said.emit(f"Round {last.round + 1} ...")
        rng = np.random.default_rng([self._seed, last.round + 1])
        work = self._answer(last.session, scribbles, rng, frame)
        self.desk.start(work, answered)

    def _answers(self, moment: HistoryEntry | None, drawing: Drawing) -> bool:
        """Whether a moment is the answer of just this drawing."""
        if moment is None or self.video is None:
            return False
        return not changes(moment.drawing, drawing, self.video.shape)

    def _tell(self, text: str) -> None:
        self.said.emit(text)
        self.changed.emit(self.history and self.history.now)


def _since(began: float) -> str:
    return f"{perf_counter() - began:.1f} s"
