"""Export and import of labels in the formats of `io.formats.registry`."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.registry import select_output_format, select_reader
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.output_path import check_label_output


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
    if not path.exists():
        raise ReadError(f"Expected labels; there is no {path}. Check the spelling.")
    return select_reader(path, format_name)(path)
