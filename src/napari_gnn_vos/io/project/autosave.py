"""Autosave of projects that are not saved yet, and their recovery."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Condition
from threading import Lock as ThreadLock
from uuid import uuid4

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.io.project.lock import ProjectLock
from napari_gnn_vos.io.project.parts import MANIFEST
from napari_gnn_vos.io.project.project import GROWING_LOG, Project
from napari_gnn_vos.progress import Pipeline, Progress, drain

LOCK = "lock"
DISK_SECONDS = 5.0
"""Longest time that a round waits for the disk."""
KEPT = 10
"""Number of autosaves that are kept."""


TaskRunner = Callable[[Callable[[], object], Callable[[OSError], object]], object]
"""Calls its first argument, possibly in a thread; passes an OSError to the second."""


def at_once(work: Callable[[], object], on_error: Callable[[OSError], object]) -> None:
    """Call a function at once; see `TaskRunner`."""
    try:
        work()
    except OSError as error:
        on_error(error)


class Autosave:
    """A project folder whose log grows with every record.

    Parameters
    ----------
    root : Path
        Folder of all autosaves; a new folder is created in it.
    project : Project
        The records of its log are written at once; later ones by :meth:`append`.
    on_error : callable
        Called once with the error, if nothing more can be written.
    run_task : callable
        Waits until records are on the disk; it calls its second argument in the thread
        that appends.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """

    def __init__(
        self,
        root: Path,
        project: Project,
        on_error: Callable[[OSError], object],
        run_task: TaskRunner = at_once,
    ) -> None:
        self._run_task = run_task
        name = f"{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"
        self.folder, self._on_error = root / name, on_error
        self._discarded, self._manifest_lock = False, ThreadLock()
        self._unwritten, self._written = 0, Condition()
        self.folder.mkdir(parents=True)
        self._lock = ProjectLock(self.folder / LOCK)
        try:
            project.grow_in(self.folder, durable=False)
            self._file = (self.folder / GROWING_LOG).open("ab", buffering=0)
            self.append(b"".join(project.log.lines))
        except OSError:
            self._lock.release()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def append(self, line: bytes) -> None:
        """Write a record: it survives the end of the process, and soon a power failure.

        Only the latter needs to wait for the disk, which is a task; see
        :meth:`wait_for_disk`.
        """
        if self._file.closed:
            return
        try:
            self._file.write(line)
            descriptor = os.dup(self._file.fileno())  # the file may be closed meanwhile
        except OSError as error:
            self._fail(error)
            return

        def write_through() -> None:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
                with self._written:
                    self._unwritten -= 1
                    self._written.notify_all()

        with self._written:
            self._unwritten += 1
        self._run_task(write_through, self._fail)

    def wait_for_disk(self) -> None:
        """Wait until all records are on the disk, for `DISK_SECONDS` at most."""
        with self._written:
            self._written.wait_for(lambda: not self._unwritten, DISK_SECONDS)

    def _fail(self, error: OSError) -> None:
        """Stop recording; only the first error is reported."""
        if not self._file.closed:
            self._file.close()
            self._on_error(error)

    def describe(self, project: Project) -> None:
        """Write video, settings and thumbnail again; may be called in a thread."""
        with suppress(OSError), self._manifest_lock:  # the log does not need it
            if not self._discarded:
                project.grow_in(self.folder)

    def release(self) -> None:
        """Stop recording, and keep the folder for recovery."""
        with self._manifest_lock:
            self._discarded = True
            self._file.close()
            self._lock.release()

    def discard(self) -> None:
        """Delete the folder."""
        with self._manifest_lock:
            self._discarded = True
            self._file.close()
            self._lock.release()
            shutil.rmtree(self.folder, ignore_errors=True)


def recoverable_projects(root: Path) -> list[Project]:
    """List autosaves whose window was closed or has crashed without saving.

    The newest are first. Folders without strokes and those after the newest `KEPT` are
    deleted; folders that a window records into are left out.

    Parameters
    ----------
    root : Path
        Folder of all autosaves.
    """
    return drain(search_recoverable(root))


def search_recoverable(root: Path) -> Pipeline[list[Project]]:
    """List autosaves as :func:`recoverable_projects`, step by step.

    Yields
    ------
    Progress
        Before each folder.
    """
    projects: list[Project] = []
    try:
        folders = sorted(root.iterdir(), reverse=True)
    except OSError:
        return []
    for index, folder in enumerate(folders):
        yield Progress("search", index, len(folders))
        if not (folder / MANIFEST).is_file() or _is_in_use(folder):
            continue
        with suppress(GnnVosError):
            project = Project.open(folder)
            if project.log.has_strokes and len(projects) < KEPT:
                projects.append(project)
            else:
                discard_autosave(folder)
    return projects


def discard_autosave(folder: Path) -> None:
    """Delete the folder of an autosave."""
    shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    try:
        ProjectLock(folder / LOCK).release()
    except GnnVosError:
        return True
    return False
