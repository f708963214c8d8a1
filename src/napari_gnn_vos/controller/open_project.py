"""The project of one open video, and the job that saves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.controller.jobs import JobRunner, run_at_once
from napari_gnn_vos.controller.project_recorder import Recorder
from napari_gnn_vos.errors import GnnVosError, ReadError
from napari_gnn_vos.io.project.autosave import Autosave, TaskRunner, at_once
from napari_gnn_vos.io.project.lock import ProjectLock, lock_file
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.thumbnail import make_thumbnail
from napari_gnn_vos.io.project.video_reference import video_reference
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.video import Video


class OpenProject:
    """Log, autosave and lock of the project of one video.

    Parameters
    ----------
    log : ProjectLog

    Attributes
    ----------
    recorder : Recorder
    path : Path or None
        Path at which it was saved or opened; None before that.
    unsaved : bool
        Whether something was recorded since it was saved.
    restoring : bool
        Whether its rounds are being restored.
    """

    def __init__(self, log: ProjectLog) -> None:
        self.recorder = Recorder(log)
        self.path: Path | None = None
        self.unsaved = self.restoring = False
        self._autosave: Autosave | None = None
        self._run_task: TaskRunner = at_once
        self._lock: ProjectLock | None = None

    @property
    def log(self) -> ProjectLog:
        """The log of the recorder."""
        return self.recorder.log

    def start_autosave(
        self,
        root: Path,
        project: Project,
        on_error: Callable[[OSError], object],
        run_task: TaskRunner,
    ) -> bool:
        """Write the log to the disk from now on; return whether this was new.

        See `io.project.autosave.Autosave` for the parameters.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        if self._autosave is not None:
            return False
        self._run_task = run_task
        self._autosave = Autosave(root, project, on_error, run_task)
        self.log.append = self._autosave.append
        return True

    def complete_autosave(
        self, project: Project, video: Video, canvas: NDArray[Any] | None
    ) -> None:
        """Add thumbnail and fingerprint to a new autosave, in a thread."""
        autosave = self._autosave
        if autosave is None:
            return

        def complete() -> None:
            try:
                path = project.video.absolute
                project.video = video_reference(video, path, autosave.folder)
                project.thumbnail = make_thumbnail(video.rgb(project.frame), canvas)
                autosave.describe(project)
            except GnnVosError:  # a damaged video is reported when it is prepared
                return

        Thread(target=complete, daemon=True).start()

    def wait_for_disk(self) -> None:
        """Wait until the log is on the disk; may be called in a thread."""
        autosave = self._autosave
        if autosave is not None:
            autosave.wait_for_disk()

    def discard_autosave(self) -> None:
        """Delete the autosave, because the project is saved."""
        self.log.append, autosave = None, self._autosave
        self._autosave = None
        if autosave is not None:
            self._run_task(autosave.discard, lambda _error: None)

    def lock_of(self, path: Path) -> ProjectLock:
        """Lock a project, or return the lock if this window holds it already.

        Raises
        ------
        ProjectLockedError
            If another window or program has it open.
        ReadError
            If the folder cannot be written.
        """
        file = lock_file(path)
        if self._lock is not None and self._lock.path == file:
            return self._lock
        return ProjectLock(file)

    def lock_if_writable(self, path: Path) -> ProjectLock | None:
        """Lock an opened project; return None if its folder cannot be written.

        Raises
        ------
        ProjectLockedError
            If another window or program has it open.
        """
        try:
            return self.lock_of(path)
        except ReadError:  # it is reported when the project is saved
            return None

    def transfer_lock(self, path: Path) -> ProjectLock | None:
        """Pass the lock of a project to the caller; None if it is not held here.

        This project has no path afterwards, and its unsaved strokes stay unsaved.
        """
        if self._lock is None or self._lock.path != lock_file(path):
            return None
        lock, self._lock, self.path = self._lock, None, None
        return lock

    def own(self, path: Path | None, lock: ProjectLock | None) -> None:
        """Set path and lock of a saved project, and release the lock held before."""
        if self._lock is not None and self._lock is not lock:
            self._lock.release()
        self.path, self._lock, self.unsaved = path, lock, False

    def release_unless_owned(self, lock: ProjectLock) -> None:
        """Release a lock that was not taken over by :meth:`own`."""
        if lock is not self._lock:
            lock.release()

    def close(self) -> None:
        """Release the lock and the autosave, which is kept if there are new strokes."""
        if self._autosave is not None and self.unsaved:
            self.log.append = None
            self._autosave.release()
            self._autosave = None
        self.discard_autosave()
        self.own(None, None)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """State of the annotation that a job saves.

    Parameters
    ----------
    project : Project
        With a snapshot of the log; video and thumbnail are added.
    video : Video
    video_path : str
        Its file or folder.
    canvas : (H, W) ndarray of uint8 or None
        Strokes on the frame of the thumbnail.
    """

    project: Project
    video: Video
    video_path: str
    canvas: NDArray[Any] | None


@dataclass(slots=True, eq=False)
class _Save:
    """A job that saves; its lock is held until it ends."""

    current: OpenProject
    path: Path
    lock: ProjectLock
    position: int
    ended: Event = field(default_factory=Event)
    written: bool = False
    completed: bool = False


class ProjectSaver:
    """Save projects one at a time.

    Attributes
    ----------
    jobs : JobRunner
        Runs the job, by default at once.
    """

    def __init__(self) -> None:
        self.jobs = JobRunner(run_at_once)
        self._running: _Save | None = None

    def start(
        self,
        current: OpenProject,
        snapshot: Snapshot,
        path: Path,
        then: Callable[[], object],
    ) -> None:
        """Start writing a snapshot; `then` is called after it is saved.

        Parameters
        ----------
        current : OpenProject
            Project that is saved; its autosave is deleted, unless something is
            recorded before the job ends.
        snapshot : Snapshot
        path : Path
        then : callable

        Raises
        ------
        ProjectLockedError
            If another window has a project at `path` open.
        GnnVosError
            If a project is being saved, or it cannot be written.
        """
        if self.jobs.busy:
            raise GnnVosError("The project is being saved. Wait until this is done.")
        lock = current.lock_of(path)
        save = _Save(current, path, lock, snapshot.project.log.position)

        def complete(_value: object) -> None:
            self._complete(save)
            then()

        self._running = save
        self.jobs.start(self._pipeline(save, snapshot), complete)

    def finish(self) -> None:
        """Wait until a running job has ended, and store its outcome."""
        if self.jobs.busy and self._running is not None:
            self._running.ended.wait()
            self._complete(self._running)

    def _pipeline(self, save: _Save, snapshot: Snapshot) -> Pipeline[None]:
        try:
            yield Progress("save", 0, len(snapshot.project.predictions) + 1)
            self._describe(snapshot, save.path)
            yield from snapshot.project.saving(save.path)
            save.written = True
        finally:
            if not save.written:
                save.current.release_unless_owned(save.lock)
            save.ended.set()

    def _describe(self, snapshot: Snapshot, path: Path) -> None:
        """Add what must be read or computed to the project."""
        project, video = snapshot.project, snapshot.video
        project.video = video_reference(video, snapshot.video_path, path)
        project.thumbnail = make_thumbnail(video.rgb(project.frame), snapshot.canvas)

    def _complete(self, save: _Save) -> None:
        """Keep the lock of a written project, and delete its autosave."""
        if save.completed or not save.written:
            return
        save.completed = True
        save.current.own(save.path, save.lock)
        if save.current.log.position > save.position:
            save.current.unsaved = True
        else:
            save.current.discard_autosave()
