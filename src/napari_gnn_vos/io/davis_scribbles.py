"""Scribbles in the JSON format of the DAVIS interactive benchmark.

A file is ``ROOT/Scribbles/SEQUENCE/001.json``::

    {"sequence": "bear",
     "scribbles": [[], [{"path": [[0.5, 0.25], ...], "object_id": 1}], []]}

with one list of strokes per frame. Points are (x, y), divided by width and height:
pixel 3 of 10 is at 0.3. Object 0 is background.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from napari_gnn_vos.arguments import file_path, instance, lengths, validated
from napari_gnn_vos.errors import ReadError, ScribbleError
from napari_gnn_vos.io.json_file import read_json, validation_summary
from napari_gnn_vos.io.strokes_file import SCRIBBLES
from napari_gnn_vos.storage import atomic_write, write_error_message
from napari_gnn_vos.structures.scribbles import ERASED, MAX_LABEL, Scribble

EXPECTED = (
    'Expected scribbles of the DAVIS interactive benchmark, {"scribbles": '
    '[[{"path": [[x, y], ...], "object_id": 1}], ...]} with one list per frame'
)

MAX_COORDINATE = 1000.0
"""Largest absolute coordinate, in widths or heights of the frame."""
MAX_FRAMES, MAX_STROKES, MAX_POINTS = 1_000_000, 100_000, 1_000_000
"""Largest number of frames per file, of strokes per frame, and of points per stroke."""

Coordinate = Annotated[
    float, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE, allow_inf_nan=False)
]


class _Stroke(BaseModel):
    """Schema of one stroke."""

    path: list[tuple[Coordinate, Coordinate]] = Field(
        min_length=1, max_length=MAX_POINTS
    )
    object_id: int = Field(ge=ERASED, le=MAX_LABEL)


class _Content(BaseModel):
    """Schema of a file."""

    scribbles: list[Annotated[list[_Stroke], Field(max_length=MAX_STROKES)]] = Field(
        max_length=MAX_FRAMES
    )


_CONTENT = TypeAdapter(_Content)


_SHAPE = lengths(3, "frames, height and width")


@validated(path=file_path, shape=_SHAPE)
def read_davis_scribbles(
    path: str | PathLike[str], shape: tuple[int, int, int]
) -> tuple[Scribble, ...]:
    """Read scribbles from a file, such as those published with DAVIS.

    Parameters
    ----------
    path : path
        A JSON file.
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    scribbles : tuple of Scribble
        See `scribbles_from_davis`.

    Raises
    ------
    ReadError
        If the file is missing or invalid, or belongs to a video of another length.
    """
    return _scribbles(read_json(Path(path), _CONTENT, EXPECTED), shape)


@validated(path=file_path, scribbles=SCRIBBLES, shape=_SHAPE, sequence=instance(str))
def write_davis_scribbles(
    path: str | PathLike[str],
    scribbles: Iterable[Scribble],
    shape: tuple[int, int, int],
    sequence: str = "",
) -> None:
    """Write scribbles to a file in the DAVIS format.

    The pixels of a brush become one horizontal line for each run of pixels in a row.
    Eraser strokes have the object -1, which other programs may not support.

    Parameters
    ----------
    path : path
        An existing file is replaced.
    scribbles : iterable of Scribble
    shape : (int, int, int)
        T, H and W of the video.
    sequence : str
        Name of the video.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ScribbleError
        If a scribble is not on a frame of the video.
    """
    frames: list[list[dict[str, Any]]] = [[] for _ in range(shape[0])]
    for scribble in scribbles:
        if not 0 <= scribble.frame < shape[0]:
            raise ScribbleError(
                f"Expected strokes on frames 0 to {shape[0] - 1}; one is on frame "
                f"{scribble.frame}. Use the strokes of this video."
            )
        for line in _lines(scribble):
            points = (line[:, ::-1] / (shape[2], shape[1])).tolist()
            stroke = {"path": points, "object_id": scribble.label}
            frames[scribble.frame].append(stroke)
    text = json.dumps({"sequence": sequence, "scribbles": frames})
    try:
        atomic_write(Path(path), text.encode())
    except (OSError, ValueError) as error:
        raise ReadError(write_error_message(Path(path), error)) from error


def _lines(scribble: Scribble) -> list[NDArray[np.float64]]:
    """Return the polylines of a scribble, each (P, 2)."""
    if scribble.connected:
        return [scribble.path]
    pixels = np.unique(scribble.path, axis=0)  # sorted by row, then by column
    steps = np.diff(pixels, axis=0)
    ends = np.flatnonzero((steps[:, 0] != 0) | (steps[:, 1] > 1)) + 1
    return [run[[0, -1]] if len(run) > 1 else run for run in np.split(pixels, ends)]


def scribbles_from_davis(
    content: Mapping[str, Any], shape: tuple[int, int, int]
) -> tuple[Scribble, ...]:
    """Convert scribbles from the DAVIS format.

    Parameters
    ----------
    content : mapping
        ``"scribbles"`` is a list of T lists of strokes, each a mapping with ``"path"``,
        P pairs (x, y) from 0 to 1, and ``"object_id"``. Other keys are ignored.
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    scribbles : tuple of Scribble
        Ordered by frame; points (row, column) in pixels.

    Raises
    ------
    ReadError
        If the content is invalid, or belongs to a video of another length.

    Examples
    --------
    >>> stroke = {"path": [[0, 0], [1, 0.5]], "object_id": 2}
    >>> (scribble,) = scribbles_from_davis({"scribbles": [[], [stroke]]}, (2, 6, 9))
    >>> scribble.frame, scribble.label, scribble.path.tolist()
    (1, 2, [[0.0, 0.0], [3.0, 8.0]])
    """
    try:
        validated = _CONTENT.validate_python(content)
    except ValidationError as error:
        raise ReadError(
            f"{EXPECTED}; the content differs: {validation_summary(error)}. "
            "Check the file."
        ) from error
    return _scribbles(validated, shape)


def _scribbles(content: _Content, shape: tuple[int, int, int]) -> tuple[Scribble, ...]:
    frames = content.scribbles
    if len(frames) != shape[0]:
        raise ReadError(
            f"Expected scribbles for a video of {shape[0]} frames; the file has "
            f"{len(frames)} frames. Use the file of the same sequence."
        )
    return tuple(
        _scribble(t, stroke, shape)
        for t, strokes in enumerate(frames)
        for stroke in strokes
    )


def _scribble(t: int, stroke: _Stroke, shape: tuple[int, int, int]) -> Scribble:
    points = np.array(stroke.path, float)[:, ::-1]
    size = np.array(shape[1:])
    on_edge = (points * size > size - 1) & (points <= 1)
    path = np.where(on_edge, size - 1, points * size)
    return Scribble(t, stroke.object_id, path)
