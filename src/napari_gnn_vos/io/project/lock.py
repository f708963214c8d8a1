"""Lock of a project, released by the system when the process ends."""

from __future__ import annotations

import errno
import getpass
import json
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import IO

from napari_gnn_vos.errors import ProjectLockedError, ReadError

OWNER_BYTES = 4096
HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
"""Errors of a lock that another process holds. Some file systems have no locks."""
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
        try:
            self._file: IO[bytes] | None = path.open("a+b")
        except OSError as error:
            raise ReadError(
                f"Cannot write to {path.parent}: {error}. Choose another location, or "
                "check the free space and the permissions."
            ) from error
        try:
            _lock(self._file)
        except OSError as error:
            if error.errno in HELD:
                self._file.close()
                raise ProjectLockedError(
                    f"The project is open in another window: {owner(path)}. Close it "
                    "there, or save under another name."
                ) from error
        self._write_owner(self._file)

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
