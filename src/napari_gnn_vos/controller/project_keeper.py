"""Record the annotation of the open video, and save it as a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_gnn_vos.config import Config
from napari_gnn_vos.controller.annotation import Annotation
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history import History
from napari_gnn_vos.controller.messages import NO_VIDEO
from napari_gnn_vos.controller.open_project import OpenProject, ProjectSaver, Snapshot
from napari_gnn_vos.controller.project_recorder import Recorder
from napari_gnn_vos.controller.project_restorer import ModelChecksum, ProjectRestorer
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.io.project.autosave import TaskRunner, at_once
from napari_gnn_vos.io.project.lock import ProjectLock
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.structures.project import VideoReference


class ProjectKeeper:
    """Record the annotation of the open video, save it, and continue saved ones.

    Each video of the window has an `OpenProject`; the one of the open video is current.

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
        self.saver, self._restorer = ProjectSaver(), ProjectRestorer(controller, model)
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
        annotation = self._require_annotation()
        self._restorer.check(project, annotation)
        restored = OpenProject(project.log)
        if path is not None:
            lock = self._lock_in_window(path) or restored.lock_if_writable(path)
            restored.own(path, lock)
        self._current, restored.restoring = restored, True
        self._projects[annotation.history] = restored
        self._restorer.restore_drawing(project, annotation)
        if path is None:
            with self._recording(always=True):  # starts its autosave
                pass

        def assign(history: History) -> None:
            self._projects[history] = restored

        self._restorer.restore_history(project, annotation, restored, assign)
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
