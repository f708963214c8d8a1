"""Read and write strokes as JSON: a list with one object per stroke."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.structures.scribbles import Scribble


def read_strokes(path: Path) -> tuple[Scribble, ...]:
    """Read strokes from a JSON file.

    Parameters
    ----------
    path : Path
        A list of ``{"frame": 0, "label": 1, "path": [[row, column], ...]}``; label 0
        is background. ``"connected"`` defaults to true.

    Returns
    -------
    scribbles : tuple of Scribble
        In the order of the file, oldest first.

    Raises
    ------
    ReadError
        If the file is missing or is not a valid strokes file.
    """
    try:
        return tuple(
            Scribble(
                int(stroke["frame"]),
                int(stroke["label"]),
                np.asarray(stroke["path"], float),
                bool(stroke.get("connected", True)),
            )
            for stroke in json.loads(path.read_text("utf-8"))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadError(
            f"Expected {path} to contain a JSON list of strokes such as "
            '{"frame": 0, "label": 1, "path": [[10, 20], [30, 40]]}; '
            f"reading it failed: {error}. Check the file."
        ) from error


def write_strokes(path: Path, scribbles: Sequence[Scribble]) -> None:
    """Write strokes to a JSON file that `read_strokes` reads."""
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
    atomic_write(path, lambda file: file.write(text.encode()))
