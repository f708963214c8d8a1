"""Where prepared graphs are kept: in a folder, or at an address that fsspec knows.

A folder is a `Path`; all else is a `UPath` of the package universal-pathlib, such as
``s3://bucket/graphs``. The two are used alike, but for the few verbs below.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias
from uuid import uuid4

from napari_gnn_vos.errors import SettingsError

if TYPE_CHECKING:
    from upath import UPath

StoragePath: TypeAlias = "Path | UPath"
RENAMING = ("file", "local", "sftp", "ssh", "hdfs")
"""Protocols whose rename takes the place of an older file in one step."""


def storage_path(text: str) -> StoragePath:
    """Understand a folder's path, or an address.

    Parameters
    ----------
    text : str
        With ``://`` it is an address.

    Returns
    -------
    place : Path or UPath

    Raises
    ------
    SettingsError
        If the package for such addresses is not installed, or there are none such.

    Examples
    --------
    >>> storage_path("graphs").name
    'graphs'
    """
    if "://" not in text:
        return Path(text)
    try:
        from upath import UPath

        address = UPath(text)
        address.fs  # noqa: B018  # asks for the package that speaks the protocol
    except ImportError as error:
        raise SettingsError(
            f"To keep graphs at {text} a package is needed that is not installed "
            f"({error}). Run `pip install 'napari-gnn-vos[cluster]'`, and install what "
            "fsspec asks for, such as s3fs for s3://; or name a folder."
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"Expected a folder, or an address that fsspec knows; {text} came "
            f"({error}). Check the spelling."
        ) from error
    return address


def atomic_write(path: StoragePath, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that a reader finds nothing, the old one, or all of the new one.

    Parameters
    ----------
    path : Path or UPath
        In a folder that is there.
    write : callable
        Is given an open file, and writes all of it.

    Notes
    -----
    It is written under another name and then renamed. The name is one that no other
    process on any machine takes, and is gone if writing fails. Object stores cannot
    rename, but show a file only when all of it has come.
    """
    suffix = f".{uuid4().hex}.part"
    if isinstance(path, Path):
        local = path.with_suffix(suffix)
        try:
            with local.open("wb") as file:
                write(file)
            local.replace(path)
        finally:
            local.unlink(missing_ok=True)
        return
    content = BytesIO()
    write(content)
    renames = path.protocol in RENAMING
    part = path.with_suffix(suffix) if renames else path
    part.write_bytes(content.getbuffer())
    if renames:
        path.fs.mv(part.path, path.path)


def opened(path: StoragePath) -> Path | BytesIO:
    """Give NumPy a file it can read: the path itself, or all that is at an address."""
    return path if isinstance(path, Path) else BytesIO(path.read_bytes())
