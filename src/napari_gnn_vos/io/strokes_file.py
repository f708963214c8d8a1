"""Read and write strokes as JSON: a list with one object per stroke."""

from __future__ import annotations

import json
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.arguments import file_path, sequence_of, validated
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.json_file import Coordinate, read_json
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.structures.scribbles import ERASED, MAX_LABEL, Scribble

MAX_FRAMES = 2**31
MAX_STROKES, MAX_POINTS = 100_000, 1_000_000
"""Largest number of strokes per file, and of points per stroke."""
EXPECTED = (
    'Expected a JSON list of strokes such as {"frame": 0, "label": 1, "path": '
    "[[10, 20], [30, 40]]}"
)

SCRIBBLES = sequence_of(Scribble, "Make them with Scribble(frame, label, path).")
"""Check of an argument that is one or several strokes."""


class _Stroke(BaseModel):
    """Schema of one stroke."""

    frame: int = Field(ge=0, lt=MAX_FRAMES)
    label: int = Field(ge=ERASED, le=MAX_LABEL)
    path: list[tuple[Coordinate, Coordinate]] = Field(
        min_length=1, max_length=MAX_POINTS
    )
    connected: bool = True


_STROKES = TypeAdapter(Annotated[list[_Stroke], Field(max_length=MAX_STROKES)])


@validated(path=file_path)
def read_strokes(path: str | PathLike[str]) -> tuple[Scribble, ...]:
    """Read strokes from a JSON file.

    Parameters
    ----------
    path : path
        A list of ``{"frame": 0, "label": 1, "path": [[row, column], ...]}``; label 0
        is background, -1 erases. ``"connected"`` defaults to true. Other keys are
        ignored.

    Returns
    -------
    scribbles : tuple of Scribble
        In the order of the file, oldest first.

    Raises
    ------
    ReadError
        If the file is missing or is not a valid strokes file.
    """
    return tuple(
        Scribble(stroke.frame, stroke.label, np.array(stroke.path), stroke.connected)
        for stroke in read_json(Path(path), _STROKES, EXPECTED)
    )


@validated(path=file_path, scribbles=SCRIBBLES)
def write_strokes(path: str | PathLike[str], scribbles: Iterable[Scribble]) -> None:
    """Write strokes to a JSON file that `read_strokes` reads.

    Raises
    ------
    ReadError
        If the file cannot be written.
    """
    rows = [
        {
            "frame": scribble.frame,
            "label": scribble.label,
            "path": scribble.path.tolist(),
            "connected": scribble.connected,
        }
        for scribble in scribbles
    ]
    text = json.dumps(rows)
    try:
        atomic_write(Path(path), text.encode())
    except (OSError, ValueError) as error:
        raise ReadError(
            f"The strokes cannot be written to {path}: {error}. Choose another "
            "location, or check the free space and the permissions."
        ) from error
