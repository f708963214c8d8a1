"""Prepare, predict, undo and redo on values, without Qt and without napari."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from psygnal import Signal

from napari_gnn_vos.config import Quality
from napari_gnn_vos.errors import GnnVosError, NoSeedsError
from napari_gnn_vos.gui.controller.active_label import ActiveLabel
from napari_gnn_vos.gui.controller.drawing import (
    Drawing,
    DrawingSource,
    changes,
    rebase,
)
from napari_gnn_vos.gui.controller.history import (
    History,
    HistoryCache,
    HistoryEndError,
    HistoryEntry,
    ReviewQueue,
)
from napari_gnn_vos.gui.controller.jobs import AutoPredict, JobRunner, Runner
from napari_gnn_vos.gui.controller.view_state import ViewState
from napari_gnn_vos.gui.deprecation import renamed_attribute
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

Prepare = Callable[[Video, int, Quality], Pipeline[Session]]
PredictRound = Callable[
    [Session, Sequence[Scribble], np.random.Generator, int], Pipeline[Session]
]


class Controller:
    """Keep a session consistent with a drawing, one round at a time.

    All state of an annotation belongs to the controller: the history, what was cleared
    since, the active label and the settings. A round produces a new session value, so
    undo restores the previous value.

    Parameters
    ----------
    prepare : callable
        Makes the pipeline from a video to a session, given the video, the frame to
        prepare first and the quality.
    predict_round : callable
        Makes the pipeline of a round, given a session, the new scribbles, a random
        generator and the frame to predict first.
    run : Runner
        Executes the pipelines.
    seed : int
        Round r draws from ``numpy.random.default_rng([seed, r])``: the same strokes
        give the same prediction, from the GUI and from Python, also after an undo.

    Attributes
    ----------
    jobs : JobRunner
        Runs the preparation and the rounds.
    active_label : ActiveLabel
        Active label and tool, and the list of labels.
    auto_predict : AutoPredict
        Requests a prediction after every stroke.
    history : History or None
        History of the open video, None before it is prepared.
    """

    changed = Signal()  # `state` may differ
    session_changed = Signal(object)  # the current HistoryEntry, or None
    message = Signal(str)

    def __init__(
        self,
        prepare: Prepare,
        predict_round: PredictRound,
        run: Runner,
        seed: int = 0,
    ) -> None:
        self.jobs, self.active_label = JobRunner(run), ActiveLabel()
        self.auto_predict = AutoPredict(self.jobs, self._predict_or_step)
        self.history: History | None = None
        self._prepare, self._predict_round, self._seed = prepare, predict_round, seed
        self._drawing_source: DrawingSource | None = None
        self._cleared: tuple[Drawing, Drawing] | None = None  # before and after
        self._histories, self._review = HistoryCache(), ReviewQueue()
        self._quality: Quality = "balanced"
        self._message = ""
        self._progress: Progress | None = None
        self._connect()

    desk = renamed_attribute("desk", "jobs")
    said = renamed_attribute("said", "message")

    @property
    def state(self) -> ViewState:
        """Everything that the dock widget shows, but for the viewer's layer list."""
        history, active = self.history, self.active_label
        entry = None if history is None else history.current
        prediction = None if entry is None else entry.session.prediction
        idle, source = not self.jobs.busy, self._drawing_source
        undoable = self._cleared or (history and history.previous)
        return ViewState(
            image=None if source is None else source.source.layer,
            busy=not idle,
            prepared=history is not None,
            rounds=0 if entry is None else entry.rounds,
            can_undo=bool(undoable) and idle,
            can_redo=bool(history and history.following) and idle,
            labels=tuple((label, active.name_of(label)) for label in active.labels),
            active_label=active.label,
            tool=active.tool,
            auto_predict=self.auto_predict.enabled,
            quality=self.quality,
            model="" if prediction is None else prediction.model,
            message=self._message,
            progress=self._progress,
        )

    @property
    def quality(self) -> Quality:
        """Quality of the prepared video, otherwise of the next preparation."""
        if self.history is None:
            return self._quality
        return self.history.start.session.config.prepare.quality

    @quality.setter
    def quality(self, quality: Quality) -> None:
        self._quality = quality
        self.changed.emit()

    def report(self, text: str) -> None:
        """Show a message."""
        self._message = text
        self.message.emit(text)
        self.changed.emit()

    def open(self, source: DrawingSource | None) -> None:
        """Open another video, or none; a running job is cancelled.

        A video that was open before continues with its history.
        """
        if self._drawing_source is not None:
            self._histories.put(self._drawing_source.source, self.history)
        self.jobs.cancel()
        self._drawing_source, self._cleared = source, None
        if source is None:
            self.history, self._message = None, ""
        else:
            self.history = self._histories.get(source.source)
            self.active_label.names = source.names
            self._message = source.summary
        self._emit_session()

    def prepare(self) -> None:
        """Compute the superpixel graph of the video, or read it from the cache.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self._start_preparation(None)

    def predict(self) -> None:
        """Predict all frames from the drawing; the video is prepared if necessary.

        Raises
        ------
        NoSeedsError
            If nothing is drawn, or only background.
        GnnVosError
            If no video is open, or a job is running.
        """
        self._start_prediction(None)

    def undo(self) -> None:
        """Undo what was cleared last, or the last round with its strokes.

        Newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to undo.
        GnnVosError
            If no video is open, or a job is running.
        """
        self.jobs.require_idle()
        drawing = self._read()
        if self._cleared is None:
            undone, entry = self._step_back()
            self._write(
                rebase(drawing, undone.drawing, undone.cleared or entry.drawing)
            )
        else:
            before, after = self._cleared
            self._cleared = None
            self._write(rebase(drawing, after, before))
            self.changed.emit()

    def redo(self) -> None:
        """Restore the round that was undone last; newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to redo.
        GnnVosError
            If no video is open, or a job is running.
        """
        self.jobs.require_idle()
        drawing = self._read()
        entry, redone = self._step_forward()
        self._write(rebase(drawing, redone.cleared or entry.drawing, redone.drawing))

    def reset(self) -> None:
        """Clear the drawing and the prediction; undo restores both.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self.jobs.require_idle()
        drawing = self._read()
        self._clear(drawing, Drawing())
        self._return_to_start(drawing)

    def remove(self, label: int) -> None:
        """Remove an object and its strokes; undo restores them.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, no video is open, or a job is running.
        """
        self.jobs.require_idle()
        drawing = self._read()
        self.active_label.remove(label)
        if label not in drawing.objects:
            return
        remaining = drawing.without(label)
        self._clear(drawing, remaining)
        if self.history and label in self.history.current.drawing.objects:
            if remaining.objects:
                self._start_prediction(drawing)
            else:
                self._return_to_start(drawing)

    def most_uncertain_frame(self) -> int:
        """Return the most uncertain frame; further calls return the next ones.

        Raises
        ------
        GnnVosError
            If there is no prediction, or every frame has strokes.
        """
        if self.history is None or self.history.current.session.prediction is None:
            raise GnnVosError(
                "There is no prediction yet. Paint strokes, and press Predict."
            )
        frame = self._review.next_frame(self.history.current.session)
        self.report(f"Frame {frame} is likely to be wrong; please check it")
        return frame

    def cancel(self) -> None:
        """Stop the running job at its next step."""
        if self.jobs.busy:
            self.report("Stopping ...")
            self.jobs.cancel()

    def _connect(self) -> None:
        self.jobs.stopped.connect(self._report_stopped)
        self.jobs.failed.connect(self._store_failure)
        self.jobs.progressed.connect(self._store_progress)
        for signal in (
            self.jobs.busy_changed,
            self.active_label.changed,
            self.auto_predict.changed,
        ):
            signal.connect(self._emit_changed)

    def _report_stopped(self) -> None:
        self.report("Stopped")

    def _store_failure(self, message: str) -> None:
        self._message = message
        self.changed.emit()

    def _store_progress(self, step: Progress) -> None:
        self._progress = step
        self.changed.emit()

    def _emit_changed(self, _value: object = None) -> None:
        self.changed.emit()

    def _require_source(self) -> DrawingSource:
        if self._drawing_source is None:
            raise GnnVosError("There is no video. Open one and choose its layer.")
        return self._drawing_source

    def _read(self) -> Drawing:
        history = self.history
        last = None if history is None else history.current.drawing
        return self._require_source().read(last)

    def _write(self, drawing: Drawing) -> None:
        with self.auto_predict.paused():
            self._require_source().write(drawing)

    def _clear(self, before: Drawing, after: Drawing) -> None:
        """Replace a drawing by a part of it, such that undo restores it."""
        if before:
            self._cleared = before, after
        self._write(after)
        self.changed.emit()

    def _start_preparation(self, then: Callable[[], object] | None) -> None:
        source = self._require_source()
        self.jobs.require_idle()
        frames, start_time = source.video.shape[0], perf_counter()

        def complete(session: Session) -> None:
            self.history = History(session)
            self._emit_session(f"Prepared {frames} frames in {_elapsed(start_time)}")

        self.report(f"Preparing {frames} frames ...")
        pipeline = self._prepare(source.video, source.frame, self._quality)
        self.jobs.start(pipeline, complete, then)

    def _start_prediction(self, cleared: Drawing | None) -> None:
        """Start a round; `cleared` is the drawing before an object was removed."""
        drawing = self._read()
        if not drawing.objects:
            content = "only background is drawn" if drawing else "nothing is drawn"
            raise NoSeedsError(
                f"A prediction needs a stroke on an object; {content}. Choose an "
                "object, paint a stroke on it, and press Predict."
            )
        if self.history is None:
            self._start_preparation(self.predict)
        else:
            self._start_round(self.history, drawing, cleared)

    def _start_round(
        self, history: History, drawing: Drawing, cleared: Drawing | None
    ) -> None:
        self.jobs.require_idle()
        entry, start_time = history.current, perf_counter()
        shape, round_number = entry.session.video.shape, entry.rounds + 1
        scribbles = changes(entry.drawing, drawing, shape)
        if not scribbles:
            self.report(f"Nothing new is drawn since round {entry.rounds}")
            return

        def complete(session: Session) -> None:
            history.add(HistoryEntry(session, drawing, cleared))
            elapsed = _elapsed(start_time)
            self._emit_session(f"Round {round_number}: {elapsed}, {shape[0]} frames")

        self.report(f"Round {round_number} ...")
        rng = np.random.default_rng([self._seed, round_number])
        frame = self._require_source().frame
        pipeline = self._predict_round(entry.session, scribbles, rng, frame)
        self.jobs.start(pipeline, complete)

    def _predict_or_step(self) -> None:
        """Show the history entry that belongs to the drawing, or predict a new one.

        After napari's own undo of a stroke, the drawing is that of the previous entry.
        """
        self.jobs.require_idle()
        drawing, history = self._read(), self.history
        if history is None:
            self.predict()
        elif self._is_drawing_of(history.previous, drawing):
            self._step_back()
        elif self._is_drawing_of(history.following, drawing):
            self._step_forward()
        elif not drawing and history.current.rounds:
            self._return_to_start(history.current.drawing)
        else:
            self.predict()

    def _is_drawing_of(self, entry: HistoryEntry | None, drawing: Drawing) -> bool:
        if entry is None:
            return False
        return not changes(entry.drawing, drawing, self._require_source().video.shape)

    def _require_history(self, message: str) -> History:
        if self.history is None:
            raise HistoryEndError(message)
        return self.history

    def _step_back(self) -> tuple[HistoryEntry, HistoryEntry]:
        """Undo an entry without its drawing; return it and the current one."""
        history = self._require_history("Nothing to undo")
        undone = history.undo()
        rounds = history.current.rounds
        self._emit_session(
            f"Back to round {rounds}" if rounds else "Back to before the first round"
        )
        return undone, history.current

    def _step_forward(self) -> tuple[HistoryEntry, HistoryEntry]:
        """Redo an entry without its drawing; return the one before, and it."""
        history = self._require_history("Nothing to redo")
        entry, redone = history.current, history.redo()
        self._emit_session(
            f"Round {redone.rounds} again" if redone.rounds else "Cleared again"
        )
        return entry, redone

    def _return_to_start(self, cleared: Drawing) -> None:
        """Continue from the prepared video; undo restores the drawing `cleared`."""
        if self.history is not None:
            self.history.add(replace(self.history.start, cleared=cleared))
        self._emit_session("Everything is cleared; Undo restores it")

    def _emit_session(self, message: str = "") -> None:
        """Announce that another history entry is current."""
        entry = None if self.history is None else self.history.current
        if entry is not None and (entry.rounds or entry.cleared):
            self._cleared = None  # undo of this entry restores what was cleared
        if message:
            self.report(message)
        self.session_changed.emit(entry)
        self.changed.emit()


def _elapsed(start_time: float) -> str:
    return f"{perf_counter() - start_time:.1f} s"
