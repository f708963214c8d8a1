"""Scribbles in the JSON format of the DAVIS interactive benchmark.

A file is ``ROOT/Scribbles/SEQUENCE/001.json``::

    {"sequence": "bear",
     "scribbles": [[], [{"path": [[0.5, 0.25], ...], "object_id": 1}], []]}

with one list of strokes per frame. Points are (x, y), divided by width and height:
pixel 3 of 10 is at 0.3. Object 0 is background.
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
    'Expected scribbles of the DAVIS interactive benchmark, {"scribbles": '
    '[[{"path": [[x, y], ...], "object_id": 1}], ...]} with one list per frame'
)


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
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{EXPECTED}; reading {path} gave: {error}. Check the path."
        ) from error
    return scribbles_from_davis(content, shape)


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
        frames = list(content["scribbles"])
        scribbles = tuple(
            _scribble(t, stroke, shape)
            for t, frame in enumerate(frames)
            for stroke in frame
        )
    except (ValueError, LookupError, TypeError) as error:
        raise ReadError(
            f"{EXPECTED}; the content is invalid ({error!r}). Check the file."
        ) from error
    if len(frames) != shape[0]:
        raise ReadError(
            f"Expected scribbles for a video of {shape[0]} frames; the file has "
            f"{len(frames)} frames. Use the file of the same sequence."
        )
    return scribbles


def _scribble(
    t: int, stroke: Mapping[str, Any], shape: tuple[int, int, int]
) -> Scribble:
    points = np.asarray(stroke["path"], float)[:, ::-1]
    size = np.array(shape[1:])
    on_edge = (points * size > size - 1) & (points <= 1)
    path = np.where(on_edge, size - 1, points * size)
    return Scribble(t, int(stroke["object_id"]), path)
