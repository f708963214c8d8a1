"""Record the open annotation, save it as a project, and restore projects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_gnn_vos.config import Config
from napari_gnn_vos.controller.annotation import Annotation, DrawingSource
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history import History
from napari_gnn_vos.controller.messages import NO_VIDEO
from napari_gnn_vos.controller.open_project import OpenProject, ProjectSaver, Snapshot
from napari_gnn_vos.controller.project_recorder import Recorder, drawing_of, table_of
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.io.project.autosave import TaskRunner, at_once
from napari_gnn_vos.io.project.lock import ProjectLock
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.video_reference import has_changed
from napari_gnn_vos.structures.project import VideoReference
from napari_gnn_vos.structures.session import Session

ModelChecksum = Callable[[], tuple[str, str]]
"""Returns name and checksum of the network."""


class ProjectKeeper:
    """Record the open annotation, save it, and restore saved ones.

    Parameters
    ----------
    controller : Controller
    model : callable
        Returns name and checksum of the network.

    Attributes
    ----------
    autosave_folder : Path or None
        Folder of the autosaves; None switches autosave off.
    run_task : TaskRunner
        Runs the tasks of the autosave that wait for the disk; by default in this
        thread.
    saver : ProjectSaver
        Saves projects; by default in this thread.
    """

    changed = Signal()  # `path` or `unsaved` may differ

    def __init__(self, controller: Controller, model: ModelChecksum) -> None:
        self._controller, self._model = controller, model
        self.saver = ProjectSaver()
        self.run_task: TaskRunner = at_once
        self.autosave_folder: Path | None = None
        self._annotation: Annotation | None = None
        self._current: OpenProject | None = None
        self._projects: WeakKeyDictionary[History, OpenProject] = WeakKeyDictionary()
        controller.rounds.before_round = self.wait_for_disk
        for signal in (
            controller.session_changed,
            controller.edits.annotated,
            controller.objects.annotated,
            controller.objects.recorded,
        ):
            signal.connect(self._record_history)
        for signal in (
            controller.active_label.changed,
            controller.active_label.table_changed,
        ):
            signal.connect(self._record_objects)

    @property
    def path(self) -> Path | None:
        """Path of the project of the open video; None before it is saved."""
        return None if self._current is None else self._current.path

    @property
    def unsaved(self) -> bool:
        """Whether the open video has strokes that are not in a saved project."""
        return self._current is not None and self._current.unsaved

    def record_stroke(self) -> None:
        """Record the displayed frame and the lines, after the user has drawn.

        All frames are recorded if neither has changed: a script has drawn on another
        frame, or napari has undone a stroke there.
        """
        annotation, current = self._annotation, self._current
        if annotation is None or current is None:
            return
        source, position = annotation.source, current.log.position
        canvas, lines = source.read_frame(source.frame)
        with self._recording() as recorder:
            number = annotation.history.current.rounds + 1
            if canvas is not None:
                recorder.log.record_canvas("brush", source.frame, canvas, number)
            recorder.log.record_lines(lines, number)
        if current.log.position == position:
            self._record_drawing(annotation.read())

    def wait_for_disk(self) -> None:
        """Wait until all strokes are on the disk; called in the thread of a round."""
        current = self._current
        if current is not None:
            current.wait_for_disk()

    def save(self, path: Path, then: Callable[[], object] = lambda: None) -> None:
        """Save the project as it is now; its autosave is deleted.

        Parameters
        ----------
        path : Path
        then : callable, optional
            Called when it is saved.

        Raises
        ------
        ProjectLockedError
            If another window has it open.
        GnnVosError
            If no video is open, a project is being saved, or it cannot be written.
            Nothing is lost then.
        """
        current, path = self._require_current(), path.expanduser().absolute()

        def complete() -> None:
            self.changed.emit()
            then()

        self.saver.start(current, self._snapshot(), path, complete)

    def restore(self, project: Project, path: Path | None) -> None:
        """Continue the annotation of a project in the open video.

        If the project is open for another video of this window, that one has to be
        saved elsewhere from then on. The strokes are shown at once; then the video is
        prepared, and the rounds are restored.

        Parameters
        ----------
        project : Project
        path : Path or None
            Where it is saved; None if it was recovered.

        Raises
        ------
        ProjectLockedError
            If another window has it open.
        GnnVosError
            If no video is open, it has another size, or a job is running.
        """
        self._require_current()
        annotation = self._require_annotation()
        _require_shape(project, annotation.source.video.shape)
        self._controller.jobs.require_idle()
        restored = OpenProject(project.log)
        if path is not None:
            lock = self._lock_in_window(path) or restored.lock_if_writable(path)
            restored.own(path, lock)
        self._current, restored.restoring = restored, True
        self._projects[annotation.history] = restored
        self._restore_objects(project, self._restore_drawing(project, annotation))
        if path is None:
            with self._recording(always=True):  # starts its autosave
                pass
        self._restore_rounds(project, annotation, restored)
        self.changed.emit()

    def close(self) -> None:
        """Finish saving, delete all autosaves, and release all projects."""
        self.saver.finish()
        for project in self._projects.values():
            project.close()

    def _lock_in_window(self, path: Path) -> ProjectLock | None:
        """Take the lock of a project from another video of this window."""
        locks = (project.transfer_lock(path) for project in self._projects.values())
        return next((lock for lock in locks if lock is not None), None)

    def _restore_drawing(self, project: Project, annotation: Annotation) -> Drawing:
        drawing = drawing_of(project.log.drawing)
        with self._controller.auto_predict.paused():
            annotation.restore_drawing(drawing)
        return drawing

    def _restore_objects(self, project: Project, drawing: Drawing) -> None:
        log, active = project.log, self._controller.active_label
        label = log.active  # read first, because changes of the table are recorded
        table = table_of(log.objects) if log.has_object_list else active.table
        active.table = table.with_labels(drawing.objects)
        if label in active.labels:
            active.choose(label)
        self._controller.rounds.seed = project.seed
        self._controller.quality = project.config.prepare.quality

    def _restore_rounds(
        self, project: Project, annotation: Annotation, restored: OpenProject
    ) -> None:
        """Start the job that restores the history, if there was one."""
        log, controller = project.log, self._controller
        summary, trusted = self._summary(project, annotation.source)

        def complete(start: Session | None, sessions: list[Session]) -> None:
            history = restored.recorder.restored_history(start, sessions)
            self._projects[history] = restored
            controller.restore_history(history, summary)

        controller.report(summary)
        if log.rounds and log.history.entries:
            predictions = project.predictions if trusted else {}
            quality = project.config.prepare.quality
            controller.rounds.restore(
                annotation, quality, log.rounds, predictions, complete
            )
        else:
            restored.restoring = False
            if log.history.entries:  # actions before the first round
                complete(None, [])

    def _summary(self, project: Project, source: DrawingSource) -> tuple[str, bool]:
        """Describe an opened project; return also whether its results are valid."""
        lines = ["The strokes are recovered" if self.path is None else "Project open"]
        changed = has_changed(project.video, source.video, source.path)
        if changed:
            lines.append(
                "The video has changed since the project was saved; the strokes are "
                "kept, and the rounds are predicted again"
            )
        if project.model_sha256 and project.model_sha256 != self._model()[1]:
            lines.append("It was made with another version of the network")
        return ". ".join([*lines, *project.problems]), not changed

    def _snapshot(self) -> Snapshot:
        """Return the project of the open video."""
        annotation, current = self._require_annotation(), self._require_current()
        self._record_history()
        self._record_drawing(annotation.read())
        source = annotation.source
        project = self._describe(annotation, current)
        project.log = current.log.snapshot()
        canvas = current.log.drawing.canvases.get(("brush", project.frame))
        project.predictions = current.recorder.predictions(annotation.history)
        project.model, project.model_sha256 = self._model()
        return Snapshot(project, source.video, source.path, canvas)

    def _describe(self, annotation: Annotation, current: OpenProject) -> Project:
        source, session = annotation.source, annotation.session
        config = Config.at(self._controller.quality)
        return Project(
            VideoReference(source.video.name, source.video.shape, source.path),
            current.log,
            config if session is None else session.config,
            self._controller.rounds.seed,
            frame=source.frame,
        )

    def _record_history(self) -> None:
        """Record drawing and history, also those of a video that was opened now."""
        annotation = self._controller.annotation
        if annotation is not self._annotation:
            self._follow(annotation)
        current = self._current
        if annotation is None or current is None:
            return
        if current.restoring and not annotation.history.current.rounds:
            return  # also after the restoration was cancelled
        current.restoring = False
        if annotation.history.current.action or current.log.history.entries:
            drawing = annotation.read()
            with self._recording() as recorder:
                recorder.record_history(annotation.history, drawing)

    def _follow(self, annotation: Annotation | None) -> None:
        """Record another video; the autosave of the previous one is kept."""
        self._annotation, self._current = annotation, None
        if annotation is not None:
            new = OpenProject(ProjectLog(annotation.source.video.shape))
            self._current = self._projects.setdefault(annotation.history, new)
            annotation.drawing_read.connect(self._record_drawing)
            self._record_objects()
        self.changed.emit()

    def _record_drawing(self, drawing: Drawing) -> None:
        if self._annotation is None or self._current is None:
            return
        if drawing or self._current.log.has_strokes:
            with self._recording() as recorder:
                number = self._annotation.history.current.rounds + 1
                recorder.record_drawing(drawing, number)

    def _record_objects(self) -> None:
        if self._current is not None:
            active = self._controller.active_label
            self._current.recorder.record_objects(active.table, active.label)

    @contextmanager
    def _recording(self, *, always: bool = False) -> Iterator[Recorder]:
        """Start the autosave if the body records something, or if `always` is true."""
        current, annotation = self._require_current(), self._require_annotation()
        position, started = current.log.position, False
        yield current.recorder
        if current.log.position == position and not always:
            return
        if self.autosave_folder is not None:
            project = self._describe(annotation, current)
            try:
                started = current.start_autosave(
                    self.autosave_folder, project, self._report_failure, self.run_task
                )
            except OSError as error:
                self.autosave_folder = None
                self._report_failure(error)
        if started:
            canvas = current.log.drawing.canvases.get(("brush", project.frame))
            current.complete_autosave(project, annotation.source.video, canvas)
        current.unsaved = True
        self.changed.emit()

    def _report_failure(self, error: OSError) -> None:
        self._controller.report(
            f"Strokes are not autosaved: {error}. Save the project elsewhere."
        )

    def _require_current(self) -> OpenProject:
        if self._current is None:
            raise GnnVosError(NO_VIDEO)
        return self._current

    def _require_annotation(self) -> Annotation:
        if self._annotation is None:
            raise GnnVosError(NO_VIDEO)
        return self._annotation


def _require_shape(project: Project, shape: tuple[int, int, int]) -> None:
    if project.log.shape != shape:
        raise GnnVosError(
            f"The project was made for a video of {project.log.shape} frames, rows and "
            f"columns; this one has {shape}. Choose the right video. The strokes in "
            "the project are unchanged."
        )
