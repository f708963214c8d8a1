"""Export and import of labels in the formats of `io.formats.registry`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.arguments import file_path, flag, instance, validated
from napari_gnn_vos.errors import GnnVosError, ReadError
from napari_gnn_vos.io.formats.registry import select_output_format, select_reader
from napari_gnn_vos.io.formats.video_labels import VideoLabels, check_frames
from napari_gnn_vos.io.output_path import check_label_output
from napari_gnn_vos.progress import POLL_SECONDS, Pipeline, Progress
from napari_gnn_vos.storage import refuse_special_file

_FORMAT = instance(str, optional=True)


@validated(labels=check_frames, path=file_path, format_name=_FORMAT, overwrite=flag)
def export_labels(
    labels: VideoLabels | Iterable[NDArray[Any]],
    path: str | PathLike[str],
    format_name: str | None = None,
    *,
    overwrite: bool = True,
) -> int:
    """Write labels in the format selected by a name or by the suffix of the path.

    Parameters
    ----------
    labels : VideoLabels or iterable of (H, W) ndarray of integer
    path : path
        File or folder. Missing parent folders are created.
    format_name : str, optional
        Name of a format in `io.formats.registry.FORMATS`.
    overwrite : bool
        Replace an existing file, or the masks in a folder.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    SettingsError
        If no format is selected.
    ReadError
        If the path cannot be written, or exists and `overwrite` is false.
    ShapeError
        If the label images are invalid, or have labels that the format cannot store.
    """
    path = Path(path)
    if not isinstance(labels, VideoLabels):
        labels = VideoLabels(labels)
    check_label_output(
        path,
        format_name=format_name,
        overwrite=overwrite,
        frame_names=labels.frame_names,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return select_output_format(path, format_name).write(labels, path)


def export_in_steps(
    labels: VideoLabels,
    count: int,
    path: str | PathLike[str],
    format_name: str | None = None,
    *,
    overwrite: bool = True,
) -> Pipeline[int]:
    """Write labels like :func:`export_labels`, as a pipeline that can be stopped.

    If it is stopped, existing files are unchanged, except that PNG files are replaced
    one by one.

    Parameters
    ----------
    labels, path, format_name, overwrite
        As in :func:`export_labels`.
    count : int
        Number of frames.

    Yields
    ------
    step : Progress

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    GnnVosError
        As in :func:`export_labels`.
    """
    frames = _CountedFrames(labels.frames, count)
    labels = replace(labels, frames=frames)
    yield Progress("Writing frames", 0, count)
    with ThreadPoolExecutor(1, "export") as pool:
        job = pool.submit(export_labels, labels, path, format_name, overwrite=overwrite)
        try:
            while not wait([job], POLL_SECONDS).done:
                yield Progress("Writing frames", frames.done, count)
        finally:
            frames.stopped = True
        return job.result()


class _CountedFrames:
    """Label images that count how many were read, and can be stopped."""

    def __init__(self, frames: Iterable[NDArray[Any]], count: int) -> None:
        self._frames, self._count = frames, count
        self.done, self.stopped = 0, False
        if hasattr(frames, "size"):  # from which TIFF selects its offsets
            self.size: int = frames.size

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for frame in self._frames:
            if self.stopped:
                raise _StoppedError
            yield frame
            self.done += 1


class _StoppedError(GnnVosError):
    """The export was stopped; the writer removes its temporary file."""


@validated(path=file_path, format_name=_FORMAT)
def import_labels(
    path: str | PathLike[str], format_name: str | None = None
) -> VideoLabels:
    """Read labels in the format given by a name, or by suffix and content.

    Parameters
    ----------
    path : path
    format_name : str, optional
        Name of a format in `io.formats.registry.FORMATS`.

    Returns
    -------
    labels : VideoLabels
        Frames are read on access where the format allows it.

    Raises
    ------
    SettingsError
        If the format is unknown, or contains no masks.
    ReadError
        If the path does not exist, or is damaged.
    """
    path = Path(path)
    refuse_special_file(path)
    if not path.exists():
        raise ReadError(f"Expected labels; there is no {path}. Check the spelling.")
    try:
        return select_reader(path, format_name)(path)
    except GnnVosError:
        raise
    except OSError as error:  # for example a file in place of a folder
        raise ReadError(
            f"Expected labels; {path} cannot be read: {error}. Check that it is "
            "complete, or name its format."
        ) from error
