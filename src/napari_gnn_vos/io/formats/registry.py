"""Registry of label formats, and selection by name, suffix and content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.formats import (
    array_labels,
    cell_tracking,
    coco,
    coco_reader,
    cvat,
    cvat_reader,
    label_studio,
    mask_video,
    ome_zarr,
    png,
    region_table,
    tiff,
    tiff_axes,
    youtube_vos,
)
from napari_gnn_vos.io.formats.label_format import LabelFormat
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.readers.zarr_video import ZIP_SUFFIXES

__all__ = [
    "DEFAULTS",
    "FORMATS",
    "LabelFormat",
    "format_named",
    "select_output_format",
    "select_reader",
]

FORMATS = (
    LabelFormat(
        "tiff",
        "multi-page TIFF with names, colours and position; napari, Fiji, tifffile",
        (".tif", ".tiff"),
        tiff.write,
        tiff.read,
        recognizes=tiff.recognizes,
        uses=("placement",),
    ),
    LabelFormat(
        "ome-tiff",
        "OME-TIFF with the axis time; Bio-Formats, OMERO, QuPath",
        (".ome.tif", ".ome.tiff"),
        tiff_axes.write_ome,
        tiff_axes.read,
        recognizes=tiff_axes.is_ome,
        uses=("placement",),
    ),
    LabelFormat(
        "imagej",
        "ImageJ hyperstack with the axis time and a lookup table; ImageJ, Fiji",
        (".tif", ".tiff"),
        tiff_axes.write_imagej,
        tiff_axes.read,
        uses=("placement",),
    ),
    LabelFormat(
        "coco",
        "COCO JSON for videos (YouTube-VIS); pycocotools, detection frameworks",
        (".json",),
        coco.write,
        coco_reader.read,
        recognizes=coco_reader.recognizes,
        uses=("frame_names",),
    ),
    LabelFormat(
        "label-studio",
        "tasks of Label Studio with brush masks, one per frame",
        (".json",),
        label_studio.write,
        label_studio.read,
        recognizes=label_studio.recognizes,
        uses=("frame_names",),
    ),
    LabelFormat(
        "cvat-images",
        "CVAT for images 1.1 with masks",
        (".xml",),
        cvat.write_images,
        cvat_reader.read,
        uses=("frame_names",),
    ),
    LabelFormat(
        "cvat-video",
        "CVAT for video 1.1 with tracks of masks",
        (".xml",),
        cvat.write_video,
        cvat_reader.read,
    ),
    LabelFormat(
        "ome-zarr",
        "OME-Zarr 0.4 label image; napari-ome-zarr, Fiji, Vizarr",
        (".zarr",),
        ome_zarr.write,
        ome_zarr.read,
        uses=("placement",),
        package="zarr",
    ),
    LabelFormat(
        "ome-zarr-0.5",
        "OME-Zarr 0.5 label image, zarr format 3",
        (".zarr",),
        ome_zarr.write_version_5,
        ome_zarr.read,
        uses=("placement",),
        package="zarr",
    ),
    LabelFormat(
        "mask-video",
        "lossless grey FFV1 video of the labels; FFmpeg, PyAV, VLC",
        (".mkv",),
        mask_video.write_masks,
        mask_video.read_masks,
        uses=("frame_rate",),
    ),
    LabelFormat(
        "overlay",
        "H.264 video with the objects in their colours; any player",
        (".mp4",),
        mask_video.write_overlay,
        uses=("image", "frame_rate", "opacity"),
        requires_image=True,
    ),
    LabelFormat(
        "csv",
        "table of area, centroid, box, perimeter, eccentricity and intensity",
        (".csv",),
        region_table.write_csv,
        uses=("image",),
    ),
    LabelFormat(
        "tracks",
        "table of centroids in the columns of napari tracks: track_id, t, y, x",
        (".csv",),
        region_table.write_tracks,
    ),
    LabelFormat(
        "parquet",
        "the table of csv as Parquet, with the package pyarrow",
        (".parquet",),
        region_table.write_parquet,
        uses=("image",),
        package="pyarrow",
    ),
    LabelFormat(
        "ctc",
        "folder of the Cell Tracking Challenge: 16-bit masks and a table of tracks",
        (),
        cell_tracking.write,
        cell_tracking.read,
        cell_tracking.PATTERNS,
        cell_tracking.recognizes,
    ),
    LabelFormat(
        "youtube-vos",
        "folder of YouTube-VOS: Annotations and meta.json",
        (),
        youtube_vos.write,
        youtube_vos.read,
        youtube_vos.PATTERNS,
        youtube_vos.recognizes,
        uses=("frame_names",),
        max_label=255,
    ),
    LabelFormat(
        "png",
        "folder of palette PNG files, as in DAVIS; image viewers",
        (),
        png.write,
        png.read,
        uses=("frame_names",),
        max_label=255,
    ),
)
"""All formats. Of an existing path, the first one that recognizes it is read."""
DEFAULTS = (
    "ome-tiff",
    "tiff",
    "coco",
    "cvat-images",
    "ome-zarr",
    "mask-video",
    "overlay",
    "csv",
    "parquet",
    "png",
)
"""Formats that the suffix alone selects for output, in this order."""


def format_named(name: str) -> LabelFormat:
    """Return a format by its name.

    Raises
    ------
    SettingsError
        If the name is unknown.
    """
    for label_format in FORMATS:
        if label_format.name == name:
            return label_format
    raise SettingsError(
        f"Expected a format among {', '.join(f.name for f in FORMATS)}; got {name!r}. "
        "Choose one of them."
    )


def select_output_format(path: Path, name: str | None = None) -> LabelFormat:
    """Return the format of an output path, by name or by suffix.

    Parameters
    ----------
    path : Path
    name : str, optional
        Name of a format. By default the suffix selects it, ``.ome.zarr`` OME-Zarr; a
        path without suffix is a folder of PNG files.

    Raises
    ------
    SettingsError
        If the name is unknown, or the suffix is not that of the format.
    """
    if name is None:
        for default in DEFAULTS:
            if format_named(default).accepts(path) and not _is_plain_zarr(path):
                return format_named(default)
        raise _unknown_suffix(path)
    chosen = format_named(name)
    if not chosen.accepts(path):
        expected = " or ".join(chosen.suffixes) or "no suffix, for a folder"
        raise SettingsError(
            f"Expected {expected} for the format {name}; {path} has the suffix "
            f"{path.suffix!r}. Change the suffix or the format."
        )
    return chosen


def with_suffix_of(label_format: LabelFormat, path: Path) -> Path:
    """Replace the suffix of any format by the first one of a format.

    Examples
    --------
    >>> with_suffix_of(format_named("csv"), Path("cells.ome.tif")).name
    'cells.csv'
    >>> with_suffix_of(format_named("png"), Path("cells.v2.csv")).name  # a folder
    'cells.v2'
    """
    known = {suffix for each in FORMATS for suffix in each.suffixes}
    name = path.name
    for suffix in sorted(known, key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    suffix = label_format.suffixes[0] if label_format.suffixes else ""
    return path.with_name(name + suffix) if name else path


def select_reader(path: Path, name: str | None = None) -> Callable[[Path], VideoLabels]:
    """Return the reader of an existing path, by name or by suffix and content.

    Raises
    ------
    SettingsError
        If the format is unknown, or cannot be read.
    """
    if name is None:
        if path.suffix.lower() in array_labels.SUFFIXES and not path.is_dir():
            return array_labels.read
        if path.name.lower().endswith(ZIP_SUFFIXES):
            return ome_zarr.read
        if path.suffix.lower() == ".png" and not path.is_dir():
            return png.read_image
        for label_format in FORMATS:
            if (
                label_format.read is not None
                and label_format.accepts(path)
                and label_format.recognizes(path)
            ):
                return label_format.read
        raise _unknown_suffix(path)
    chosen = format_named(name)
    if chosen.read is None:
        raise SettingsError(
            f"The format {name} contains no masks and cannot be read. Choose one of "
            f"{', '.join(f.name for f in FORMATS if f.read)}."
        )
    return chosen.read


def _is_plain_zarr(path: Path) -> bool:
    """Return whether a suffix is that of any zarr group, not of OME-Zarr."""
    name = path.name.lower()
    return name.endswith(".zarr") and not name.endswith(".ome.zarr")


def _unknown_suffix(path: Path) -> SettingsError:
    suffixes = (suffix for label_format in FORMATS for suffix in label_format.suffixes)
    return SettingsError(
        f"Expected {', '.join(dict.fromkeys(suffixes))} or a folder; the suffix "
        f"{path.suffix!r} of {path} selects no supported format. Change the suffix, "
        "for example to .ome.zarr for OME-Zarr, name the format, or "
        "create the folder first if its name contains a dot."
    )
