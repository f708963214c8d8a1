"""Lock of a project, released by the system when the process ends."""

from __future__ import annotations

import errno
import getpass
import hashlib
import json
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import IO

from napari_gnn_vos.errors import ProjectLockedError, ReadError

OWNER_BYTES = 4096
MAX_NAME_BYTES = 255
"""Longest name of a file on most file systems."""
HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
"""Errors of a lock that another process holds. Some file systems have no locks."""
ATTEMPTS = 10
"""Number of times that a lock file is opened which its owner has deleted."""
LOCKED_BYTE = 2**30
"""Position of the locked byte, behind the description of the owner."""


class ProjectLock:
    """Hold a lock file until :meth:`release`, or until the process ends.

    Parameters
    ----------
    path : Path
        The lock file; it is created.

    Raises
    ------
    ProjectLockedError
        If another window or program holds the lock.
    ReadError
        If the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = self._acquire()
        self._write_owner(self._file)

    def _acquire(self) -> IO[bytes]:
        """Open and lock the file, again if its last owner has deleted it meanwhile."""
        for attempt in range(ATTEMPTS):
            try:
                file = self.path.open("a+b")
            except OSError as error:
                raise ReadError(
                    f"Cannot write to {self.path.parent}: {error}. Choose another "
                    "location, or check the free space and the permissions."
                ) from error
            try:
                _lock(file)
            except OSError as error:
                if error.errno in HELD:
                    file.close()
                    raise ProjectLockedError(
                        "The project is open in another window: "
                        f"{owner(self.path)}. Close it there, or save under another "
                        "name."
                    ) from error
            if _is_file_at(self.path, file) or attempt == ATTEMPTS - 1:
                break  # some file systems do not number files
            file.close()
        return file

    def release(self) -> None:
        """Release the lock and delete its file; repeated calls have no effect."""
        if self._file is not None:
            with suppress(OSError):
                self.path.unlink()
            with suppress(OSError):  # the folder may have vanished
                self._file.close()
            self._file = None

    def _write_owner(self, file: IO[bytes]) -> None:
        with suppress(OSError):
            user = getpass.getuser()
            text = {"user": user, "host": platform.node(), "process": os.getpid()}
            file.truncate(0)
            file.write(json.dumps(text).encode())
            file.flush()


def lock_file(project: Path) -> Path:
    """Return the path of the lock file of a project, in the folder that contains it.

    Links to a project have its lock file. The name is a hash where it is too long.
    """
    project = Path(os.path.realpath(project))
    name = f".{project.name}.lock"
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        name = f".{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.lock"
    return project.with_name(name)


def _is_file_at(path: Path, file: IO[bytes]) -> bool:
    """Return whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError:  # deleted, or the folder has vanished
        return False


def owner(path: Path) -> str:
    """Describe who holds a lock file."""
    try:
        with path.open("rb") as file:
            text = json.loads(file.read(OWNER_BYTES))
        return f"{text['user']} on {text['host']}, process {text['process']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "its owner is not known"


if os.name == "nt":  # pragma: no cover - other systems
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
