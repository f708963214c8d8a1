"""Strokes on disk: a JSON list, one object a stroke."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.scribbles import Scribble


def read_strokes(path: Path) -> tuple[Scribble, ...]:
    """Read strokes from a JSON file.

    Parameters
    ----------
    path : Path
        A list of ``{"frame": 0, "label": 1, "path": [[row, column], ...]}``; label 0
        is background. A missing ``"connected"`` is true.

    Returns
    -------
    scribbles : tuple of Scribble
        In the file's order, oldest first.

    Raises
    ------
    ReadError
        If the file is missing or holds something else.
    """
    try:
        return tuple(
            Scribble(
                int(one["frame"]),
                int(one["label"]),
                np.asarray(one["path"], float),
                bool(one.get("connected", True)),
            )
            for one in json.loads(path.read_text("utf-8"))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{path} must hold a JSON list of strokes such as "
            '{"frame": 0, "label": 1, "path": [[10, 20], [30, 40]]}; '
            f"reading it gave: {error}."
        ) from error


def write_strokes(path: Path, scribbles: Sequence[Scribble]) -> None:
    """Write strokes to a JSON file that `read_strokes` reads."""
    rows = [
        {
            "frame": one.frame,
            "label": one.label,
            "path": one.path.tolist(),
            "connected": one.connected,
        }
        for one in scribbles
    ]
    path.write_text(json.dumps(rows), "utf-8")
