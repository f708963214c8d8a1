"""Atomic writes, and paths in local folders or fsspec file systems.

A local folder is a `Path`. Any other location, such as ``s3://bucket/graphs``, is a
`UPath` of the package universal-pathlib. The functions of this module cover the
operations in which the two differ.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

from napari_gnn_vos.arguments import wrong_type
from napari_gnn_vos.errors import ReadError, SettingsError

if TYPE_CHECKING:
    from upath import UPath

StoragePath: TypeAlias = "Path | UPath"
ATOMIC_RENAME_PROTOCOLS = ("file", "local", "sftp", "ssh", "hdfs")
"""Protocols whose rename operation replaces an existing file atomically."""


def storage_path(text: str) -> StoragePath:
    """Parse a local path or an fsspec URL.

    Parameters
    ----------
    text : str
        A URL if it contains ``://``, otherwise a local path.

    Returns
    -------
    path : Path or UPath

    Raises
    ------
    SettingsError
        If the protocol is unknown, or the package that implements it is missing.

    Examples
    --------
    >>> storage_path("graphs").name
    'graphs'
    """
    if "://" not in text:
        return Path(text)
    try:
        from upath import UPath

        path = UPath(text)
        path.fs  # noqa: B018  # imports the package that implements the protocol
    except ImportError as error:
        raise SettingsError(
            f"Storing graphs at {text} needs a package that is not installed "
            f"({error}). Run `pip install 'napari-gnn-vos[cluster]'` and install the "
            "fsspec package for the protocol, such as s3fs for s3://, or give a folder."
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"Expected a folder or a URL that fsspec supports, not {text} ({error}). "
            "Check the spelling."
        ) from error
    return path


def as_storage_path(name: str, value: Any) -> StoragePath | None:
    """Check an argument that is a folder, a URL or None, and convert text.

    Raises
    ------
    ArgumentError
        If it is of another type.
    SettingsError
        See `storage_path`.
    """
    if value is None or isinstance(value, Path) or hasattr(value, "protocol"):
        return value
    if not isinstance(value, (str, os.PathLike)):
        raise wrong_type(name, "a folder", value, "Give the path of a folder.")
    text = os.fsdecode(value)
    return storage_path(text) if text else None


def atomic_write(
    path: StoragePath,
    content: bytes | Callable[[IO[bytes]], object],
    *,
    durable: bool = False,
) -> None:
    """Write a file atomically: readers see the old or the complete new content.

    Parameters
    ----------
    path : Path or UPath
        A file in an existing folder. An existing file is replaced.
    content : bytes or callable
        The whole content, or a function that writes it to a file opened for binary
        writing.
    durable : bool
        Wait until the content of a local file is on the disk, so that it also survives
        a power failure.

    Notes
    -----
    The content is written to a temporary file in the same folder, which then replaces
    `path`. The temporary name is unique across processes and machines, and the
    temporary file is deleted if writing fails. Object stores have no rename, but make
    an object visible only after the complete upload.
    """
    write = _write_bytes(content) if isinstance(content, bytes) else content
    temporary = f".{uuid4().hex}.part"  # short: the name of `path` may be of any length
    if isinstance(path, Path):
        local = path.with_name(temporary)
        try:
            with local.open("wb") as file:
                write(file)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            local.replace(path)
        finally:
            local.unlink(missing_ok=True)
        return
    buffer = BytesIO()
    write(buffer)
    renames = path.protocol in ATOMIC_RENAME_PROTOCOLS
    part = path.with_name(temporary) if renames else path
    part.write_bytes(buffer.getbuffer())
    if renames:
        path.fs.mv(part.path, path.path)


def atomic_write_text(path: Path, text: str) -> None:
    """Write a text file atomically; its folder is created if necessary."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, text.encode())


def _write_bytes(content: bytes) -> Callable[[IO[bytes]], object]:
    return lambda file: file.write(content)


def refuse_special_file(path: Path) -> None:
    """Refuse what cannot be read as a file: reading a pipe or a device may not end.

    Parameters
    ----------
    path : Path
        Files, folders and paths that do not exist are accepted.

    Raises
    ------
    ReadError
        If it is a pipe, a socket or a device, or the path is not accessible.
    """
    try:
        special = path.exists() and not (path.is_file() or path.is_dir())
    except (OSError, ValueError) as error:  # for example a name that is too long
        name = f"{str(path)[:200]!r}"
        raise ReadError(
            f"Expected a file or folder; {name} is not accessible: {error}. Check the "
            "spelling and the permissions."
        ) from error
    if special:
        raise ReadError(
            f"Expected a file or folder; {path} is a pipe, a socket or a device. Save "
            "its content to a file first."
        )


def require_writable_folder(folder: Path) -> None:
    """Check that a local folder can be written, or created, without creating it.

    Parameters
    ----------
    folder : Path
        Existing or new folder.

    Raises
    ------
    ReadError
        If a file is in the way, or the closest existing parent is not writable.
    """
    try:
        parent = folder.absolute()
        while not parent.exists():
            if parent.is_symlink():
                raise FileNotFoundError(f"{parent} is a broken link")
            parent = parent.parent
        with TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise ReadError(
            f"Cannot write to {folder}: {error}. Choose another location, or check the "
            "free space and the permissions."
        ) from error


def encodable(text: str) -> str:
    r"""Replace surrogates, which no encoding of a file can store, by U+FFFD.

    Examples
    --------
    >>> encodable("caf\udce9") == "caf\ufffd"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def numpy_file(path: StoragePath) -> Path | BytesIO:
    """Return an argument for `numpy.load`: a local path, or the content in memory."""
    return path if isinstance(path, Path) else BytesIO(path.read_bytes())


def write_error_message(path: Path, reason: object) -> str:
    """Return the message for a file or folder that cannot be written."""
    return (
        f"Cannot write {path}: {reason}. Choose another location, or check the free "
        "space and the permissions."
    )
