"""Tables of the properties of each object in each frame: CSV, Parquet and tracks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import SettingsError, missing_package
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.video_labels import VideoLabels, colour_to_hex

PROPERTIES = ("label", "area", "centroid", "bbox", "perimeter", "eccentricity")
INTENSITY = "intensity_mean"
COLUMNS = {
    "centroid-0": "row",
    "centroid-1": "col",
    "bbox-0": "bbox_row",
    "bbox-1": "bbox_col",
    "bbox-2": "bbox_row_end",
    "bbox-3": "bbox_col_end",
    "intensity_mean": "mean_intensity",
}
"""Names of the columns, where they differ from those of scikit-image."""
ROWS_PER_GROUP = 65536
TRACK_COLUMNS = ("track_id", "t", "y", "x")

Row = dict[str, Any]


def write_csv(labels: VideoLabels, path: Path) -> int:
    """Write a CSV table with one row for each visible object and frame.

    Parameters
    ----------
    labels : VideoLabels
        With `image`, the table has the mean intensity, 0 to 255, averaged over red,
        green and blue.
    path : Path

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ShapeError
        If the label images are invalid.
    """
    return _write_rows(labels, path, _column_names(labels), region_rows)


def write_tracks(labels: VideoLabels, path: Path) -> int:
    """Write a CSV table of centroids in the column order of napari tracks.

    The first four columns, ``track_id, t, y, x``, are the data of a tracks layer. The
    parameters are those of :func:`write_csv`.
    """
    return _write_rows(labels, path, [*TRACK_COLUMNS, "name", "colour"], _track_rows)


def write_parquet(labels: VideoLabels, path: Path) -> int:
    """Write the table of :func:`write_csv` as Parquet.

    Frames, labels and boxes are int64, names and colours strings, others float64.

    Raises
    ------
    SettingsError
        If pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SettingsError(missing_package("Writing Parquet", "pyarrow")) from error
    schema = pyarrow.schema(
        [(name, _arrow_type(name)) for name in _column_names(labels)]
    )
    counter = _Counter()

    def write(file: IO[bytes]) -> None:
        with pyarrow.parquet.ParquetWriter(file, schema) as writer:
            rows: list[Row] = []
            for row in region_rows(labels, counter):
                rows.append(row)
                if len(rows) == ROWS_PER_GROUP:
                    writer.write_table(pyarrow.Table.from_pylist(rows, schema))
                    rows = []
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))

    atomic_file(path, write)
    return counter.frames


class _Counter:
    """Number of frames that were read."""

    frames = 0


def region_rows(labels: VideoLabels, counter: _Counter) -> Iterator[Row]:
    """Measure each visible object in each frame.

    Parameters
    ----------
    labels : VideoLabels
    counter : _Counter
        Counts the frames.

    Yields
    ------
    row : dict
        Properties by column name. Lengths are in pixels; ``bbox_row_end`` and
        ``bbox_col_end`` are exclusive.
    """
    for t, mask in enumerate(labels.masks()):
        counter.frames = t + 1
        table = _measure(mask, labels.image_of(t, mask.shape))
        for k, label in enumerate(table.pop("label")):
            properties = {COLUMNS.get(key, key): table[key][k] for key in table}
            yield {
                "frame": t,
                "label": label,
                "name": labels.name_of(label),
                "colour": colour_to_hex(labels.colour_of(label)),
                **properties,
            }


def _measure(mask: NDArray[Any], image: NDArray[Any] | None) -> dict[str, list[Any]]:
    from skimage.measure import regionprops_table

    intensity = None if image is None else image.mean(axis=2)
    properties = [*PROPERTIES, *([] if intensity is None else [INTENSITY])]
    table = regionprops_table(mask, intensity, properties=properties)
    return {key: np.asarray(column).tolist() for key, column in table.items()}


def _track_rows(labels: VideoLabels, counter: _Counter) -> Iterator[Row]:
    bare = VideoLabels(labels.frames, labels.names, labels.colours)
    for row in region_rows(bare, counter):
        position = {"track_id": row["label"], "t": row["frame"]}
        yield position | {
            "y": row["row"],
            "x": row["col"],
            "name": row["name"],
            "colour": row["colour"],
        }


def _column_names(labels: VideoLabels) -> list[str]:
    image = None if labels.image is None else np.ones((2, 2, 3))
    table = _measure(np.ones((2, 2), np.uint8), image)
    measured = [COLUMNS.get(key, key) for key in table if key != "label"]
    return ["frame", "label", "name", "colour", *measured]


def _arrow_type(column: str) -> str:
    if column in ("name", "colour"):
        return "string"
    whole = column in ("frame", "label") or column.startswith("bbox")
    return "int64" if whole else "float64"


def _write_rows(labels: VideoLabels, path: Path, columns: list[str], rows: Any) -> int:
    counter = _Counter()

    def write(file: IO[bytes]) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(labels, counter))
        text.detach()  # flushes, and leaves the file open

    atomic_file(path, write)
    return counter.frames
