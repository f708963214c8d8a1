"""Scribbles in the JSON format of the DAVIS interactive benchmark.

A file is ``ROOT/Scribbles/SEQUENCE/001.json``::

    {"sequence": "bear",
     "scribbles": [[], [{"path": [[0.5, 0.25], ...], "object_id": 1}], []]}

with one list of strokes per frame. Points are (x, y), divided by width and height:
pixel 3 of 10 is at 0.3. Object 0 is background.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.json_file import read_json, validation_summary
from napari_gnn_vos.structures.scribbles import ERASED, Scribble

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
    object_id: int = Field(ge=ERASED, le=254)


class _Content(BaseModel):
    """Schema of a file."""

    scribbles: list[Annotated[list[_Stroke], Field(max_length=MAX_STROKES)]] = Field(
        max_length=MAX_FRAMES
    )


_CONTENT = TypeAdapter(_Content)


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
