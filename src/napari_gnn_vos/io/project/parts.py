"""The parts of a project: a folder, or a zip file with the same files."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.storage import atomic_write, refuse_special_file

SUFFIX = ".gnnvos"
MANIFEST = "project.json"
PART_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}\.(json|jsonl|safetensors|png)")
"""Names of parts: no folders, so that nothing outside the project is read."""
MAX_MANIFEST_BYTES = 16 * 2**20


def read_part(project: Path, name: str, limit: int) -> bytes:
    """Read a file of a project.

    Parameters
    ----------
    project : Path
        A folder or a zip file.
    name : str
    limit : int
        Largest size in bytes.

    Raises
    ------
    ReadError
        If the part is missing, too large, a link, or outside the project.
    """
    try:
        content = _content(project, name, limit)
    except _DAMAGED as error:
        raise ReadError(
            f"{name} of the project {project} cannot be read: {error}. Restore the "
            "project from a copy."
        ) from error
    return content


_DAMAGED = (
    *(OSError, EOFError, KeyError, ValueError, RuntimeError),  # also an encrypted zip
    *(BadZipFile, zlib.error),
)


def _content(project: Path, name: str, limit: int) -> bytes:
    """Read a file of a project, in the order of the checks.

    Raises
    ------
    Exception
        One of `_DAMAGED`.
    """
    if not PART_NAME.fullmatch(name):
        raise ValueError("its name is not allowed")
    if project.is_dir():
        path = project / name
        if path.is_symlink():
            raise ValueError("it is a link")
        refuse_special_file(path)
        size = path.stat().st_size  # `read` allocates the requested size
        with path.open("rb") as file:
            content = file.read(min(size, limit) + 1)
    else:
        refuse_special_file(project)
        with ZipFile(project) as archive, archive.open(name) as member:
            content = member.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it is larger than {limit} bytes")
    return content


def write_parts(
    project: Path, parts: Mapping[str, bytes], manifest: bytes, *, durable: bool = True
) -> None:
    """Write the parts of a project, then its manifest, which replaces the old one.

    Parameters
    ----------
    project : Path
        A zip file if the name has the suffix ``.gnnvos`` and it is no folder.
    parts : mapping of str to bytes
        A file of the same name and content is not written again.
    manifest : bytes
    durable : bool
        Whether to wait until the content is on the disk.

    Raises
    ------
    OSError
        If something cannot be written; a project that existed is unchanged.
    """
    if is_archive(project):
        project.parent.mkdir(parents=True, exist_ok=True)

        def write(file: IO[bytes]) -> None:
            with ZipFile(file, "w", ZIP_STORED) as archive:
                for name, content in parts.items():
                    archive.writestr(name, content)
                archive.writestr(MANIFEST, manifest)

        atomic_write(project, write, durable=durable)
        return
    project.mkdir(parents=True, exist_ok=True)
    old = {path.name for path in project.iterdir() if PART_NAME.fullmatch(path.name)}
    for name, content in parts.items():
        if name not in old or not _has_content(project / name, content):
            atomic_write(project / name, _writer(content), durable=durable)
    atomic_write(project / MANIFEST, _writer(manifest), durable=durable)
    for name in old - {*parts, MANIFEST}:
        if re.fullmatch(r"(strokes|round|thumbnail)-.*", name):
            with suppress(OSError):
                (project / name).unlink()


def _has_content(file: Path, content: bytes) -> bool:
    """Return whether a file is complete; one that was damaged is written again."""
    try:
        return file.read_bytes() == content
    except OSError:
        return False


def is_archive(project: Path) -> bool:
    """Return whether a path is, or is to be, a zip file."""
    if project.exists():
        return project.is_file()
    return project.suffix.lower() == SUFFIX


def is_project(path: Path) -> bool:
    """Return whether a path is a folder with a manifest, or a ``.gnnvos`` file."""
    if path.is_dir():
        return (path / MANIFEST).is_file()
    return path.suffix.lower() == SUFFIX and path.is_file()


def checksum(content: bytes) -> str:
    """Return the SHA-256 checksum in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _writer(content: bytes) -> Callable[[IO[bytes]], object]:
    return lambda file: file.write(content)
