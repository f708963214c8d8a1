"""Save a snapshot of a project as a job beside the other jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.controller.jobs import JobRunner, run_at_once
from napari_gnn_vos.gui.controller.open_project import OpenProject
from napari_gnn_vos.io.project.lock import ProjectLock
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.thumbnail import make_thumbnail
from napari_gnn_vos.io.project.video_reference import video_reference
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.video import Video


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What is saved; later changes of the annotation are not part of it.

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
        """Start to write a snapshot; `then` is called after it is saved.

        Parameters
        ----------
        current : OpenProject
            Project that is saved; its autosave is deleted if nothing was recorded
            meanwhile.
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
