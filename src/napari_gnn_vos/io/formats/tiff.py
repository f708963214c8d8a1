"""Multi-page TIFF files of labels with the names of the objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from napari_gnn_vos.arguments import file_path, instance, validated
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.label_images import validate_label_images
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.tiff_labels import (
    Placement,
    is_label_file,
    label_description,
    read_labels,
)
from napari_gnn_vos.io.formats.video_labels import (
    MAX_LABEL,
    Colour,
    VideoLabels,
    check_by_label,
    check_frames,
)

BIG_TIFF_BYTES = 2**32 - 2**25
"""Uncompressed size from which 64-bit offsets are needed, less the size of the tags."""


@validated(
    labels=check_frames,
    path=file_path,
    names=check_by_label,
    placement=instance(Placement, optional=True),
    colours=check_by_label,
)
def export_tiff(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
    placement: Placement | None = None,
    colours: Mapping[int, Colour] | None = None,
) -> int:
    """Write a zlib-compressed TIFF with one page per frame.

    `io.formats.tiff_labels.read_labels` reads the file.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 65535, or a (T, H, W) array.
    path : path
        An existing file is replaced after all frames were written.
    names : mapping of int to str, optional
        Object names by label, stored in the description of the first page.
    placement : Placement, optional
        Axes and position of the layer, stored in the same place.
    colours : mapping of int to (red, green, blue), optional
        Colours by label, stored in the same place.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ShapeError
        As in :func:`export_palette_pngs`.
    """
    import tifffile

    path, written = Path(path), 0
    first_description = label_description(names or {}, placement, colours)

    def write(file: IO[bytes]) -> None:
        nonlocal written
        with tifffile.TiffWriter(file, bigtiff=needs_big_tiff(labels)) as pages:
            for mask in validate_label_images(labels, MAX_LABEL):
                description = None if written else first_description
                pages.write(
                    mask, compression="zlib", description=description, metadata=None
                )
                written += 1

    atomic_file(path, write)
    return written


def needs_big_tiff(labels: Iterable[NDArray[Any]]) -> bool:
    """Return whether label images may be too large for 32-bit offsets.

    True if the size is unknown, as for a generator.
    """
    return getattr(labels, "size", BIG_TIFF_BYTES) * 2 >= BIG_TIFF_BYTES


def write(labels: VideoLabels, path: Path) -> int:
    """Write labels with names, colours and position; see :func:`export_tiff`."""
    return export_tiff(
        labels.frames, path, labels.names, labels.placement, labels.colours
    )


def read(path: Path) -> VideoLabels:
    """Read a file of :func:`export_tiff`.

    Raises
    ------
    ReadError
        If the file was written by another program.
    """
    file = read_labels(path)
    if file is None:
        raise ReadError(
            f"Expected labels saved by napari-gnn-vos; {path} was written by another "
            "program. Choose the format imagej or ome-tiff."
        )
    return VideoLabels(file.labels, file.names, file.colours, video_name=path.stem)


def recognizes(path: Path) -> bool:
    """Return whether a file was written by :func:`export_tiff`."""
    return is_label_file(path)
