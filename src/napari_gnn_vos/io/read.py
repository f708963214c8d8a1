"""Open videos: select the reader of a path by its suffix."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from napari_gnn_vos.errors import GnnVosError, ReadError, VideoError
from napari_gnn_vos.io.readers.zarr_video import ZIP_SUFFIXES, is_zarr
from napari_gnn_vos.storage import refuse_special_file
from napari_gnn_vos.structures.video import Frames, Video

Reader = Callable[[Path], Video]


def read_video(path: str | PathLike[str]) -> Video:
    """Open a video; frames are read from the file on access.

    Parameters
    ----------
    path : path
        A folder with one image per frame (such as a sequence of DAVIS), a movie, a
        multi-page TIFF, an array (``.npy``, ``.zarr``), or an OME-Zarr image, also in a
        zip file (``.zarr.zip``). A single
        image (``.png``, ``.jpg``, ``.bmp``, ``.webp``, a TIFF of one page) is a video
        of one frame; each image of an animated PNG or WebP is a frame.

    Returns
    -------
    video : Video
        (T, H, W) or (T, H, W, C), named after the file or folder. Its identity
        changes with the path, the size and the modification time of the file.

    Raises
    ------
    ReadError
        If the path does not exist, the suffix is unknown, or the file is damaged.
    VideoError
        If there are no frames, too small frames, or too many channels.

    See Also
    --------
    napari_gnn_vos.io.davis.read_davis : a video with its ground truth.
    """
    path = _local_path(path)
    refuse_special_file(path)
    if not path.exists():
        raise ReadError(
            f"Expected a file or a folder of frames; there is no {path}. "
            "Check the spelling, and that the disk is mounted."
        )
    try:
        return _reader_of(path)(path)
    except GnnVosError:
        raise
    except OSError as error:  # for example a folder without permission
        raise ReadError(
            f"Expected a video; {path} cannot be read: {error}. Check the permissions, "
            "and that the disk is mounted."
        ) from error


def _local_path(path: str | PathLike[str]) -> Path:
    """Return a path with the home folder in place of ``~``."""
    try:
        return Path(os.fsdecode(path)).expanduser()
    except (TypeError, RuntimeError) as error:  # not a path, or no such user
        raise ReadError(
            f"Expected the path of a video; got {path!r}: {error}. Give a path, or "
            "Video.from_array an array."
        ) from error


def _reader_of(path: Path) -> Reader:
    if is_zarr(path):
        return _read_zarr
    if path.is_dir():
        return _read_folder
    reader = (_READERS | _OTHER_READERS).get(path.suffix.lower())
    if reader is None:
        raise ReadError(
            "Expected a folder of frames or one of "
            f"{', '.join((*SUFFIXES, *IMAGE_SUFFIXES))}; "
            f"{path.name} ends in {path.suffix!r}. Convert it to one of these."
        )
    return reader


def frame_names(video: Video) -> list[str] | None:
    """Return the file names of the frames if the video is a folder of images."""
    names: list[str] | None = getattr(video.frames, "frame_names", None)
    return names


def file_identity(files: Iterable[Path]) -> str:
    """Return a hash of the paths, sizes and modification times of files.

    Parameters
    ----------
    files : iterable of Path
        Existing files or folders.

    Returns
    -------
    identity : str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for file in files:
        status = file.stat()
        properties = (str(file.resolve()), status.st_size, status.st_mtime_ns)
        digest.update(repr(properties).encode())
    return digest.hexdigest()


def _read_folder(path: Path) -> Video:
    from napari_gnn_vos.io.readers.folder import FolderFrames, image_files

    files = image_files(path)
    return _video(FolderFrames(files), path, files)


def _read_image(path: Path) -> Video:
    from napari_gnn_vos.io.readers.animation import AnimationFrames
    from napari_gnn_vos.io.readers.folder import FolderFrames
    from napari_gnn_vos.io.readers.image_file import (
        image_format,
        is_animation,
        is_deep_animation,
    )

    if image_format(path) == "TIFF":
        return _read_tiff(path)
    if is_deep_animation(path):
        return _read_movie(path)
    frames = AnimationFrames(path) if is_animation(path) else FolderFrames([path])
    return _video(frames, path, [path])


def _read_movie(path: Path) -> Video:
    from napari_gnn_vos.io.readers.animation import AnimationFrames
    from napari_gnn_vos.io.readers.movie.movie_frames import MovieFrames

    frames = MovieFrames(path)
    if frames.has_merged_images:
        frames.close()
        return _video(AnimationFrames(path), path, [path])
    return _video(frames, path, [path])


def _read_tiff(path: Path) -> Video:
    from napari_gnn_vos.io.readers.image_file import image_format
    from napari_gnn_vos.io.readers.tiff import TiffFrames

    if image_format(path) != "TIFF":  # another image that was renamed
        return _read_image(path)
    frames = TiffFrames(path)
    return _video(frames, path, frames.files)


def _read_npy(path: Path) -> Video:
    from napari_gnn_vos.io.readers.array_files import open_npy

    return _video(open_npy(path), path, [path])


def _read_zarr(path: Path) -> Video:
    from napari_gnn_vos.io.readers.zarr_video import ZarrFrames

    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return _video(ZarrFrames(path), path, [file for file in files if file.is_file()])


def _video(frames: Frames, path: Path, files: list[Path]) -> Video:
    try:
        name = path.resolve().name if path.is_dir() else path.stem
        return Video.from_array(frames, name, file_identity(files))
    except VideoError as error:
        raise VideoError(f"{path}: {error}") from error


_MOVIES = (
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".gif"),
    *(".ts", ".mts", ".m2ts", ".vob", ".wmv", ".asf", ".flv", ".3gp", ".ogv"),
    *(".mxf", ".y4m", ".mjpeg", ".mjpg", ".qt"),
)
_READERS: dict[str, Reader] = {
    **dict.fromkeys(_MOVIES, _read_movie),
    **dict.fromkeys((".tif", ".tiff", ".btf", ".lsm", ".stk"), _read_tiff),
    ".npy": _read_npy,
}
SUFFIXES = (*_READERS, ".zarr", *ZIP_SUFFIXES)
"""Suffixes of videos, for file dialogs and the plugin manifest."""
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
"""Suffixes of single images, which napari opens itself."""
_OTHER_READERS: dict[str, Reader] = {
    **dict.fromkeys(IMAGE_SUFFIXES, _read_image),
    **dict.fromkeys((".jpe", ".jfif", ".apng"), _read_image),
}
