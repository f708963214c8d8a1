"""Find the video of a project again, and recognise whether it has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.storage import encodable
from napari_gnn_vos.structures.project import VideoReference
from napari_gnn_vos.structures.video import Video

SAMPLE = "sample:"
"""Prefix of the path of sample data."""
UNDECODABLE = "\N{REPLACEMENT CHARACTER}"
"""Replaces bytes that are not UTF-8 in the file names of a project."""
WHOLE_FILE_BYTES = 64 * 2**20
"""Files up to this size are hashed completely; of larger ones, samples are."""
SAMPLES, SAMPLE_BYTES = 64, 2**18


def content_fingerprint(path: Path) -> str:
    """Hash the content of a video file or folder.

    Unlike `Video.fingerprint`, the hash does not depend on the path and the time of
    modification, and no frame is decoded.

    Parameters
    ----------
    path : Path
        A file, or a folder with one file per frame.

    Returns
    -------
    fingerprint : str
        32 hexadecimal digits.

    Raises
    ------
    ReadError
        If a file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = (
            sorted(f for f in path.rglob("*") if f.is_file())
            if path.is_dir()
            else [path]
        )
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else ""
            digest.update(repr((name, file.stat().st_size)).encode())
        numbers = np.linspace(0, len(files) - 1, min(len(files), SAMPLES)).astype(int)
        for number in dict.fromkeys(numbers.tolist()):
            for block in _blocks(files[number], WHOLE_FILE_BYTES // len(numbers)):
                digest.update(block)
    except OSError as error:
        raise ReadError(
            f"The video {path} cannot be read: {error}. Check that the disk is mounted."
        ) from error
    return digest.hexdigest()[:32]


def array_fingerprint(video: Video) -> str:
    """Hash the shape and up to 16 frames of a video without a file."""
    digest = hashlib.sha256(repr((video.shape, str(video.frames.dtype))).encode())
    for t in np.unique(np.linspace(0, video.shape[0] - 1, 16).astype(int)):
        digest.update(np.ascontiguousarray(video.raw(int(t))).data)
    return digest.hexdigest()[:32]


def video_reference(video: Video, path: str, project: Path) -> VideoReference:
    """Describe a video, so that a project can find it again.

    Parameters
    ----------
    video : Video
    path : str
        Its file or folder; ``sample:KEY`` for sample data, empty for an array.
    project : Path
        The project.

    Raises
    ------
    ReadError
        If the file cannot be read.
    """
    if not path or path.startswith(SAMPLE):
        fingerprint = array_fingerprint(video)
        name = encodable(video.name)
        return VideoReference(name, video.shape, path, "", fingerprint)
    absolute = Path(path).expanduser().resolve()
    relative = _relative(absolute, project.expanduser().resolve().parent)
    return VideoReference(
        encodable(video.name),
        video.shape,
        encodable(str(absolute)),
        encodable(relative),
        content_fingerprint(absolute),
    )


def find_video(reference: VideoReference, project: Path) -> Path | None:
    """Find the video of a project.

    Parameters
    ----------
    reference : VideoReference
    project : Path
        The project; it may have been moved together with the video.

    Returns
    -------
    path : Path or None
        The first that exists of: the path relative to the project, a file of this name
        in or beside the project, and the path when it was saved. A file with the right
        fingerprint is preferred to others.
    """
    if not reference.absolute or reference.absolute.startswith(SAMPLE):
        return None
    folder = project.expanduser().resolve().parent
    name = reference.absolute.replace("\\", "/").rpartition("/")[2]
    candidates = [
        folder / reference.relative,
        folder / name,
        project / name,
        Path(reference.absolute),
    ]
    if UNDECODABLE in name:
        parents = (folder, project, Path(reference.absolute).parent)
        candidates += [
            file for parent in parents for file in _files_named(parent, name)
        ]
    existing = [path for path in dict.fromkeys(candidates) if path.exists() and name]
    for path in existing:
        if is_same_video(reference, path):
            return path
    return existing[0] if existing else None


def _files_named(folder: Path, name: str) -> list[Path]:
    """List the files whose names are stored as `name`: not all bytes are UTF-8."""
    files = folder.iterdir() if folder.is_dir() else ()
    return [file for file in files if encodable(file.name) == name]


def is_same_video(reference: VideoReference, path: Path) -> bool:
    """Return whether a file has the content that a project was made with."""
    return reference.fingerprint in ("", content_fingerprint(path))


def has_changed(reference: VideoReference, video: Video, path: str) -> bool:
    """Return whether a video differs from the one that a project was made with.

    Parameters
    ----------
    reference : VideoReference
    video : Video
    path : str
        Its file or folder; ``sample:KEY`` for sample data, empty for an array. A file
        that does not exist any more is not compared.
    """
    if not path or path.startswith(SAMPLE):
        return reference.fingerprint not in ("", array_fingerprint(video))
    file = Path(path)
    return file.exists() and not is_same_video(reference, file)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.name


def _blocks(file: Path, whole: int) -> Iterator[bytes]:
    """Read a file, or evenly spaced samples of one that is larger than `whole`."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        if size <= whole:
            yield stream.read()
            return
        count = max(whole // SAMPLE_BYTES, 1)
        for start in np.linspace(0, size - SAMPLE_BYTES, count).astype(int):
            stream.seek(int(start))
            yield stream.read(SAMPLE_BYTES)
