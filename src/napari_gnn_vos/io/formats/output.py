"""Output files and folders that are complete or absent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from napari_gnn_vos.errors import GnnVosError, ReadError
from napari_gnn_vos.storage import atomic_write, write_error_message


def atomic_file(path: Path, content: bytes | Callable[[IO[bytes]], object]) -> None:
    """Write a file atomically; an existing file is replaced after the last byte.

    Parameters
    ----------
    path : Path
    content : bytes or callable
        The whole content, or a function that writes it to a file opened for binary
        writing.

    Raises
    ------
    ReadError
        If the file cannot be written.
    """
    try:
        atomic_write(path, content)
    except GnnVosError:
        raise
    except (OSError, ValueError) as error:  # for example an empty name
        raise ReadError(write_error_message(path, error)) from error


@contextmanager
def atomic_folder(path: Path, patterns: Sequence[str] = ("*",)) -> Iterator[Path]:
    """Write files into a temporary folder, and move them to `path` at the end.

    Parameters
    ----------
    path : Path
        Folder to write. If it exists, its files and folders that match `patterns` are
        replaced by the new ones and others are kept.
    patterns : sequence of str
        Glob patterns of names.

    Yields
    ------
    folder : Path
        An empty folder on the same disk. Nothing is moved if an exception is raised.

    Raises
    ------
    ReadError
        If the folder cannot be written.
    """
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        part.mkdir(parents=True)
        yield part
        if path.exists():
            _replace_content(path, part, patterns)
        else:
            part.rename(path)
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(write_error_message(path, error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def matching_files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """List the files of a folder that match a pattern; empty if there is no folder."""
    if not folder.is_dir():
        return []
    return sorted({file for pattern in patterns for file in folder.glob(pattern)})


def _replace_content(path: Path, part: Path, patterns: Sequence[str]) -> None:
    for old in matching_files(path, patterns):
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink()
    for new in part.iterdir():
        target = path / new.name
        if target.is_dir():
            shutil.rmtree(target)
        new.replace(target)
