"""Prepare, predict, undo and redo on values, without Qt and without napari."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_gnn_vos.config import Quality
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.controller.active_label import ActiveLabel
from napari_gnn_vos.gui.controller.annotation import NO_PREDICTION, Annotation
from napari_gnn_vos.gui.controller.drawing import Drawing, DrawingSource
from napari_gnn_vos.gui.controller.history import (
    History,
    HistoryCache,
    HistoryEndError,
    ReviewQueue,
)
from napari_gnn_vos.gui.controller.jobs import AutoPredict, JobRunner, Runner
from napari_gnn_vos.gui.controller.label_import import (
    canvases_from_labels,
    object_numbers,
)
from napari_gnn_vos.gui.controller.rounds import (
    PredictRound,
    Prepare,
    Rounds,
    require_objects,
)
from napari_gnn_vos.gui.controller.view_state import ViewState
from napari_gnn_vos.gui.deprecation import renamed_attribute


class Controller:
    """Keep a session consistent with a drawing, one round at a time.

    All state of an annotation belongs to the controller: the drawing with its history,
    the active label and the settings. A round produces a new session value, so undo
    restores the previous value.

    Parameters
    ----------
    prepare : callable
        Makes the pipeline of the preparation, see `Rounds`.
    predict_round : callable
        Makes the pipeline of a round, see `Rounds`.
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
    annotation : Annotation or None
        Drawing and history of the open video.
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
        self.annotation: Annotation | None = None
        self._rounds = Rounds(self.jobs, prepare, predict_round, seed)
        self._histories, self._review = HistoryCache(), ReviewQueue()
        self._quality: Quality = "balanced"
        self._message = ""
        self._unpredicted = False  # strokes were drawn since the last round
        self._connect()

    desk = renamed_attribute("desk", "jobs")
    said = renamed_attribute("said", "message")

    @property
    def history(self) -> History | None:
        """History of the open video; None before it is prepared."""
        annotation = self.annotation
        prepared = annotation is not None and annotation.prepared
        return annotation.history if annotation and prepared else None

    @property
    def state(self) -> ViewState:
        """Everything that the dock widget shows, but for the viewer's layer list."""
        annotation, active = self.annotation, self.active_label
        history = History() if annotation is None else annotation.history
        session, idle = history.current.session, not self.jobs.busy
        prediction = None if session is None else session.prediction
        return ViewState(
            image=None if annotation is None else annotation.source.source.layer,
            busy=not idle,
            prepared=session is not None,
            rounds=history.current.rounds,
            unpredicted=self._unpredicted,
            accepted=() if annotation is None else annotation.accepted_frames,
            can_undo=history.previous is not None and idle,
            can_redo=history.following is not None and idle,
            labels=tuple((label, active.name_of(label)) for label in active.labels),
            active_label=active.label,
            tool=active.tool,
            auto_predict=self.auto_predict.enabled,
            quality=self.quality,
            model="" if prediction is None else prediction.model,
            message=self._message,
            progress=self.jobs.progress,
            seconds_left=self.jobs.seconds_left,
        )

    @property
    def quality(self) -> Quality:
        """Quality of the prepared video, otherwise of the next preparation."""
        session = None if self.annotation is None else self.annotation.session
        return self._quality if session is None else session.config.prepare.quality

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
        if self.annotation is not None:
            self._histories.put(self.annotation.source.source, self.annotation.history)
        history = None if source is None else self._histories.get(source.source)
        self.annotation = None if source is None else Annotation(source, history)
        self.jobs.cancel()
        self._unpredicted, self._message = False, ""
        if source is not None:
            self.active_label.names = source.names
            self._message = source.summary
        self._emit_session()

    def notice_stroke(self) -> None:
        """Take notice of a change of the drawing by the user."""
        if not self.auto_predict.is_paused:
            self._unpredicted = True
            self.auto_predict.request()
            self.changed.emit()

    def prepare(self) -> None:
        """Compute the superpixel graph of the video, or read it from the cache.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self._rounds.prepare(self._require_annotation(), self._quality)

    def predict(self) -> None:
        """Predict all frames from the drawing; the video is prepared if necessary.

        Raises
        ------
        NoSeedsError
            If nothing is drawn, or only background.
        GnnVosError
            If no video is open, or a job is running.
        """
        annotation = self._require_annotation()
        drawing = annotation.read()
        require_objects(drawing)
        if annotation.prepared:
            self._unpredicted = False
            self._rounds.predict(annotation, drawing)
        else:
            self._rounds.prepare(annotation, self._quality, self.predict)

    def toggle_accepted(self, frame: int) -> bool:
        """Accept the labels of a frame as they are, or release an accepted frame.

        Returns
        -------
        accepted : bool
            Whether the frame is accepted now.

        Raises
        ------
        GnnVosError
            If there is no prediction, or a job is running.
        """
        self.jobs.require_idle()
        annotation = self._require_annotation()
        release = frame in annotation.accepted_frames
        drawing = annotation.read()
        canvas = None if release else annotation.labels_to_accept(drawing, frame)
        action = f"{'release' if release else 'acceptance'} of frame {frame}"
        with self.auto_predict.paused():
            annotation.replace_drawing(drawing.accept(frame, canvas), action)
        self.report(
            f"Frame {frame} is {'not accepted any more' if release else 'accepted'}"
        )
        self.notice_stroke()
        return not release

    def import_labels(
        self, frames: Mapping[int, NDArray[Any]], names: Mapping[int, str]
    ) -> None:
        """Accept labels of another program on some frames; undo removes them.

        Parameters
        ----------
        frames : mapping of int to (H, W) ndarray of int
            Label images by frame; see `object_numbers` for the ids.
        names : mapping of int to str
            Names of ids.

        Raises
        ------
        GnnVosError
            If there are no labels or too many, no video is open, or a job is running.
        """
        self.jobs.require_idle()
        annotation = self._require_annotation()
        ids = [np.unique(labels) for labels in frames.values()]
        objects = object_numbers(np.concatenate([np.zeros(1, int), *ids]))
        drawing = annotation.read()
        for t, canvas in canvases_from_labels(frames, objects).items():
            drawing = drawing.accept(t, canvas)
        with self.auto_predict.paused():
            annotation.replace_drawing(drawing, "import of labels")
        self.active_label.list_objects(objects.values())
        for value, label in objects.items():
            if value in names:
                self.active_label.rename(label, names[value])
        count = f"{len(frames)} frame{'' if len(frames) == 1 else 's'}"
        self.report(f"Labels of {count} are used, with {len(objects)} objects")
        self.notice_stroke()

    def undo(self) -> None:
        """Undo the last action: a round with its strokes, a removal or a reset.

        Newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to undo.
        GnnVosError
            If a job is running.
        """
        self.jobs.require_idle()
        with self.auto_predict.paused():
            undone = self._require_history("undo").undo()
        self.active_label.list_objects(undone.removed)
        self._emit_session(f"Undone: {undone.action}")

    def redo(self) -> None:
        """Restore the action that was undone last; newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to redo.
        GnnVosError
            If a job is running.
        """
        self.jobs.require_idle()
        with self.auto_predict.paused():
            redone = self._require_history("redo").redo()
        for label in redone.removed:
            self.active_label.discard(label)
        self._emit_session(f"Redone: {redone.action}")

    def reset(self) -> None:
        """Clear the drawing and the prediction; undo restores both.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self._return_to_start("reset")

    def remove(self, label: int) -> None:
        """Remove an object and its strokes; undo restores them.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, no video is open, or a job is running.
        """
        self.jobs.require_idle()
        annotation, name = self._require_annotation(), self.active_label.name_of(label)
        drawing = annotation.read()
        self.active_label.remove(label)
        if label in drawing.objects:
            removal = f"removal of {name}"
            self._replace_objects(drawing.without(label), removal, label)

    def most_uncertain_frame(self) -> int:
        """Return the most uncertain frame; further calls return the next ones.

        Raises
        ------
        GnnVosError
            If there is no prediction, or every frame has strokes.
        """
        session = None if self.annotation is None else self.annotation.session
        if session is None or session.prediction is None:
            raise GnnVosError(NO_PREDICTION)
        accepted = self.state.accepted
        frame, rank = self._review.next_frame(session, accepted)
        frames = session.video.shape[0]
        self.report(f"Most uncertain frame: {frame} ({ordinal(rank)} of {frames})")
        return frame

    def cancel(self) -> None:
        """Stop the running job and discard its result."""
        self.jobs.cancel()

    def _connect(self) -> None:
        self.jobs.stopped.connect(self._report_stopped)
        self.jobs.failed.connect(self._store_failure)
        self._rounds.started.connect(self.report)
        self._rounds.completed.connect(self._emit_session)
        for signal in (
            self.jobs.progressed,
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

    def _emit_changed(self, _value: object = None) -> None:
        self.changed.emit()

    def _require_annotation(self) -> Annotation:
        if self.annotation is None:
            raise GnnVosError("There is no video. Open one and choose its layer.")
        return self.annotation

    def _require_history(self, step: str) -> Annotation:
        if self.annotation is None:
            raise HistoryEndError(f"Nothing to {step}")
        return self.annotation

    def _replace_objects(self, drawing: Drawing, action: str, removed: int) -> None:
        """Replace the drawing by one without an object, and predict again."""
        annotation = self._require_annotation()
        was_predicted = removed in annotation.history.current.predicted.objects
        with self.auto_predict.paused():
            annotation.replace_drawing(drawing, action, (removed,))
        if was_predicted and drawing.objects:
            self._rounds.predict(annotation, drawing, amend=True)
        elif was_predicted:
            session = annotation.history.start.session
            annotation.history.amend(session, Drawing())
        self._emit_session()

    def _predict_or_step(self) -> None:
        """Show the history entry that belongs to the drawing, or predict a new one.

        After napari's own undo of a stroke, the drawing is that of the previous entry.
        """
        self.jobs.require_idle()
        annotation = self._require_annotation()
        drawing, current = annotation.read(), annotation.history.current
        entry = annotation.step_to(drawing) if annotation.prepared else None
        if entry is not None:
            self._emit_session(f"Round {entry.rounds}")
        elif not drawing and current.rounds:
            self._return_to_start("reset", current.drawing)
        else:
            self.predict()

    def _return_to_start(self, action: str, before: Drawing | None = None) -> None:
        self.jobs.require_idle()
        with self.auto_predict.paused():
            self._require_annotation().clear(action, before)
        self._emit_session("Everything is cleared; Undo restores it")

    def _emit_session(self, message: str = "") -> None:
        """Announce that another history entry is current."""
        if message:
            self.report(message)
        annotation = self.annotation
        self.session_changed.emit(annotation and annotation.history.current)
        self.changed.emit()


def ordinal(number: int) -> str:
    """Write a positive number as 1st, 2nd, 3rd, 4th, ..., 11th, ..., 21st."""
    teen = number // 10 % 10 == 1
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if teen else suffix}"
