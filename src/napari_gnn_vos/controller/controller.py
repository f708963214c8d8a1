"""State of an annotation, and the actions that change it, without Qt and napari."""

from __future__ import annotations

from functools import partial

from psygnal import Signal

from napari_gnn_vos.config import Quality
from napari_gnn_vos.controller.active_label import ActiveLabel
from napari_gnn_vos.controller.annotation import Annotation, DrawingSource
from napari_gnn_vos.controller.auto_predict import AutoPredict
from napari_gnn_vos.controller.edits import Edits
from napari_gnn_vos.controller.history import History
from napari_gnn_vos.controller.history_cache import HistoryCache
from napari_gnn_vos.controller.jobs import JobRunner, Runner
from napari_gnn_vos.controller.label_statistics import StatisticsUpdater
from napari_gnn_vos.controller.messages import NO_PREDICTION, NO_VIDEO, ordinal
from napari_gnn_vos.controller.object_edits import ObjectEdits
from napari_gnn_vos.controller.ranges import FrameRange
from napari_gnn_vos.controller.round_choices import round_constraints
from napari_gnn_vos.controller.rounds import (
    PredictRound,
    Prepare,
    RestoreRound,
    Rounds,
    require_objects,
)
from napari_gnn_vos.controller.view_state import ViewState, collect_state
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.interact.uncertainty import ReviewQueue


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
    restore_round : callable, optional
        Makes the pipeline that restores a saved round, see `Rounds`.

    Attributes
    ----------
    jobs : JobRunner
        Runs the preparation and the rounds.
    active_label : ActiveLabel
        Active label and tool, and the list of labels.
    auto_predict : AutoPredict
        Requests a prediction after every stroke.
    edits : Edits
        Undo, redo, reset, accepted frames.
    objects : ObjectEdits
        Actions on the objects.
    frame_range : FrameRange
        In and out marks.
    annotation : Annotation or None
        Drawing and history of the open video.
    rounds : Rounds
        Starts preparation and rounds.
    statistics : StatisticsUpdater
        Statistics of the current prediction, if they are enabled.
    """

    changed = Signal()  # `state` may differ
    session_changed = Signal(object)  # the current HistoryEntry, or None
    message = Signal(str)
    failed = Signal(str)  # a job has failed or could not be started; message

    def __init__(
        self,
        prepare: Prepare,
        predict_round: PredictRound,
        run: Runner,
        seed: int = 0,
        restore_round: RestoreRound | None = None,
    ) -> None:
        self.jobs, self.active_label = JobRunner(run), ActiveLabel()
        self.auto_predict = AutoPredict(self.jobs, self._predict_or_step)
        self.annotation: Annotation | None = None
        self.rounds = Rounds(self.jobs, prepare, predict_round, seed, restore_round)
        self.edits = Edits(
            self.require_annotation, self.rounds, self.active_label, self.auto_predict
        )
        self.objects = ObjectEdits(
            lambda: self.annotation, self.rounds, self.active_label, self.auto_predict
        )
        self.frame_range, self.statistics = FrameRange(), StatisticsUpdater()
        self._histories, self._review = HistoryCache(), ReviewQueue()
        self._quality: Quality = "balanced"
        self._message = ""
        self._connect()

    desk = renamed_attribute("desk", "jobs")
    said = renamed_attribute("said", "message")

    @property
    def state(self) -> ViewState:
        """Everything that the widgets show, except for the layers of the viewer."""
        return collect_state(self, self._message)

    @property
    def frame(self) -> int:
        """Number of the displayed frame; 0 if no video is open."""
        return 0 if self.annotation is None else self.annotation.source.frame

    @property
    def quality(self) -> Quality:
        """Quality of the prepared video; before, that of the next preparation."""
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

    def report_failure(self, text: str) -> None:
        """Show the message of an error that no caller catches."""
        self._message = text
        self.failed.emit(text)
        self.changed.emit()

    def require_annotation(self) -> Annotation:
        """Return the annotation of the open video.

        Raises
        ------
        GnnVosError
            If no video is open.
        """
        if self.annotation is None:
            raise GnnVosError(NO_VIDEO)
        return self.annotation

    def open(self, source: DrawingSource | None) -> None:
        """Open another video, or close the open one (None); a running job is cancelled.

        A video that was open before continues with its history.
        """
        if self.annotation is not None:
            self._histories.put(self.annotation.source.source, self.annotation.history)
        history = None if source is None else self._histories.get(source.source)
        self.annotation = None if source is None else Annotation(source, history)
        self.jobs.cancel()
        self.rounds.pending.strokes, self._message = False, ""
        self.frame_range.clear()
        if source is not None:
            self.active_label.open(source.objects)
            self._message = source.summary
        self._emit_session()

    def handle_stroke(self) -> None:
        """Mark the drawing as changed; request a prediction if `auto_predict` is on."""
        if not self.auto_predict.is_paused:
            self.rounds.pending.strokes = True
            self.auto_predict.request()
            self.changed.emit()

    def handle_model_change(self, name: str) -> None:
        """Mark the prediction as outdated, and report the chosen model."""
        self.rounds.pending.model = True
        self.report(f"The next round uses the model {name}")

    def restore_history(self, history: History, message: str) -> None:
        """Continue the open video with the history of a project."""
        self.require_annotation().history = history
        self.rounds.pending.model = False  # that of the project is chosen
        self._emit_session(message)

    def prepare(self) -> None:
        """Compute the superpixel graph of the video, or read it from the cache.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self.rounds.prepare(self.require_annotation(), self._quality)

    def predict(self, frames: range | None = None, label: int | None = None) -> None:
        """Predict from the drawing; the video is prepared if necessary.

        Parameters
        ----------
        frames : range, optional
            Frames whose labels may change; by default all.
        label : int, optional
            Object whose labels may change; by default all that are not locked.

        Raises
        ------
        NoSeedsError
            If nothing is drawn, or only background.
        GnnVosError
            If no video is open, the range is empty, the object is locked, or a job is
            running.
        """
        annotation = self.require_annotation()
        constraints = round_constraints(annotation.table, frames, label)
        drawing = annotation.read()
        require_objects(drawing)
        if annotation.prepared:
            self.rounds.predict(annotation, drawing, constraints=constraints)
        else:
            predict = partial(self.predict, frames, label)
            self.rounds.prepare(annotation, self._quality, predict)

    def most_uncertain_frame(self) -> int:
        """Return the most uncertain frame; further calls return the next ones.

        Raises
        ------
        GnnVosError
            If there is no prediction, or every frame has strokes.
        """
        annotation = self.annotation
        session = None if annotation is None else annotation.session
        if annotation is None or session is None or session.prediction is None:
            raise GnnVosError(NO_PREDICTION)
        frame, rank = self._review.next_frame(session, annotation.accepted_frames)
        frames = session.video.shape[0]
        self.report(f"Most uncertain frame: {frame} ({ordinal(rank)} of {frames})")
        return frame

    def cancel(self) -> None:
        """Stop the running job and discard its result."""
        self.jobs.cancel()

    def close(self) -> None:
        """Disconnect all listeners, and cancel the running job."""
        self.statistics.close()
        for signal in (
            *(self.changed, self.session_changed, self.message, self.failed),
            *(self.auto_predict.changed, self.active_label.changed),
            *(self.active_label.table_changed, self.frame_range.changed),
        ):
            signal.disconnect()
        self.jobs.close()

    def _connect(self) -> None:
        self.jobs.stopped.connect(partial(self.report, "Stopped"))
        self.jobs.failed.connect(self.report_failure)
        self.auto_predict.failed.connect(self.report_failure)
        self.rounds.started.connect(self.report)
        self.rounds.completed.connect(self._emit_session)
        self.edits.deferred.connect(self.report)
        self.objects.recorded.connect(self._report_unless_busy)
        for edits in (self.edits, self.objects):
            edits.stepped.connect(self._emit_stepped)
            edits.annotated.connect(self._report_annotated)
        for signal in (
            *(self.jobs.progressed, self.jobs.busy_changed, self.rounds.discarded),
            *(self.active_label.changed, self.active_label.table_changed),
            *(self.frame_range.changed, self.auto_predict.changed),
            self.statistics.changed,
        ):
            signal.connect(self._emit_changed)

    def _report_unless_busy(self, message: str) -> None:
        """Show a message, unless a job is running, whose message is kept."""
        if self.jobs.busy:
            self.changed.emit()
        else:
            self.report(message)

    def _report_annotated(self, message: str) -> None:
        self.report(message)
        self.handle_stroke()

    def _emit_changed(self) -> None:
        self.changed.emit()

    def _predict_or_step(self) -> None:
        """Show the history entry that belongs to the drawing, or predict a new one.

        After napari's own undo of a stroke, the drawing is that of the previous entry.
        """
        self.jobs.require_idle()
        annotation = self.require_annotation()
        drawing, current = annotation.read(), annotation.history.current
        entry = annotation.step_to(drawing) if annotation.prepared else None
        if entry is not None and not annotation.new_scribbles(drawing):
            self._emit_session(f"Round {entry.rounds}")
        elif not drawing and current.rounds:
            self.edits.reset(current.drawing)
        else:
            self.predict()

    def _emit_stepped(self, message: str) -> None:
        """Announce a step in the history, and whether strokes are not predicted yet."""
        annotation = self.require_annotation()
        new = annotation.new_scribbles(annotation.read())
        self.rounds.pending.strokes = bool(new) and not self.jobs.busy
        self._emit_session(message)

    def _emit_session(self, message: str = "") -> None:
        """Announce that another history entry is current."""
        if message:
            self.report(message)
        annotation = self.annotation
        history = History() if annotation is None else annotation.history
        self.statistics.update(history.labels, history.previous_labels)
        self.session_changed.emit(annotation and history.current)
        self.changed.emit()
