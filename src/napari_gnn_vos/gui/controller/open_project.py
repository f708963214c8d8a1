"""The project of one open video: its log, its autosave and its lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.controller.recorder import Recorder
from napari_gnn_vos.io.project.autosave import Autosave, TaskRunner, at_once
from napari_gnn_vos.io.project.lock import ProjectLock
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.thumbnail import make_thumbnail
from napari_gnn_vos.io.project.video_reference import video_reference
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
        Where it is saved.
    unsaved : bool
        Whether something was recorded since.
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
        """Lock a project; the lock that is held already is returned.

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

    def own(self, path: Path | None, lock: ProjectLock | None) -> None:
        """Hold the lock of a saved project, and release another one."""
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


def lock_file(path: Path) -> Path:
    """Return the lock file of a project, beside it."""
    return path.with_name(f".{path.name}.lock")
