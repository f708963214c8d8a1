"""Strokes in the JSON format of the DAVIS interactive benchmark.

A file is ``ROOT/Scribbles/SEQUENCE/001.json``::

    {"sequence": "bear",
     "scribbles": [[], [{"path": [[0.5, 0.25], ...], "object_id": 1}], []]}

with a list a frame, and in it the strokes on that frame. Points are (x, y), in shares
of width and height: pixel 3 of 10 is at 0.3. Object 0 is background.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.scribbles import Scribble

EXPECTED = (
    'Expected strokes as the DAVIS interactive benchmark keeps them, {"scribbles": '
    '[[{"path": [[x, y], ...], "object_id": 1}], ...]} with a list a frame'
)


def read_davis_scribbles(
    path: str | PathLike[str], shape: tuple[int, int, int]
) -> tuple[Scribble, ...]:
    """Read the strokes of a file, such as those that persons drew for DAVIS.

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
        If the file is missing, holds something else, or belongs to a video of another
        length.
    """
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{EXPECTED}; reading {path} gave: {error}. Check the path."
        ) from error
    return scribbles_from_davis(found, shape)


def scribbles_from_davis(
    found: Mapping[str, Any], shape: tuple[int, int, int]
) -> tuple[Scribble, ...]:
    """Turn strokes of the DAVIS format into ours.

    Parameters
    ----------
    found : mapping
        ``"scribbles"`` is a list of T lists of strokes, each a mapping with ``"path"``,
        P pairs (x, y) from 0 to 1, and ``"object_id"``. All else is left aside.
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    scribbles : tuple of Scribble
        A frame after the other, in the order given; points (row, column) in pixels.

    Raises
    ------
    ReadError
        If it is something else, or belongs to a video of another length.

    Examples
    --------
    >>> stroke = {"path": [[0, 0], [1, 0.5]], "object_id": 2}
    >>> (ours,) = scribbles_from_davis({"scribbles": [[], [stroke]]}, (2, 6, 9))
    >>> ours.frame, ours.label, ours.path.tolist()
    (1, 2, [[0.0, 0.0], [3.0, 8.0]])
    """
    try:
        frames = list(found["scribbles"])
        scribbles = tuple(
            _stroke(t, one, shape) for t, frame in enumerate(frames) for one in frame
        )
    except (ValueError, LookupError, TypeError) as error:
        raise ReadError(
            f"{EXPECTED}; what came is something else ({error!r}). Check the file."
        ) from error
    if len(frames) != shape[0]:
        raise ReadError(
            f"Expected strokes for a video of {shape[0]} frames; these are for one of "
            f"{len(frames)}. Take the file of the same sequence."
        )
    return scribbles


def _stroke(t: int, one: Mapping[str, Any], shape: tuple[int, int, int]) -> Scribble:
    points = np.asarray(one["path"], float)[:, ::-1]
    size = np.array(shape[1:])
    on_edge = (points * size > size - 1) & (points <= 1)
    path = np.where(on_edge, size - 1, points * size)
    return Scribble(t, int(one["object_id"]), path)
