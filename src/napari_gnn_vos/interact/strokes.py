"""Rasterisation of strokes to labelled pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.draw import line

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.structures.label_frames import label_dtype
from napari_gnn_vos.structures.scribbles import ERASED, Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.working_video import scale_points


def rasterise(scribble: Scribble, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """List the pixels of a stroke.

    Parameters
    ----------
    scribble : Scribble
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    pixels : (K, 2) ndarray of int64
        Distinct (row, column) pairs inside the frame; the stroke is clipped.

    Raises
    ------
    ScribbleError
        If the frame does not exist, or if no pixel of the stroke is inside it.
    """
    if not 0 <= scribble.frame < shape[0]:
        raise ScribbleError(
            f"The video has frames 0 to {shape[0] - 1}; a stroke is on frame "
            f"{scribble.frame}. Draw it on a frame of the video."
        )
    size = np.array(shape[1:])
    points = np.rint(np.clip(scribble.path, -size, 2 * size)).astype(np.int64)
    segments = [points]
    if scribble.connected:
        segments += [np.stack(line(*a, *b), axis=1) for a, b in pairwise(points)]
    pixels = np.concatenate(segments)
    inside = ((pixels >= 0) & (pixels < size)).all(axis=1)
    if not inside.any():
        raise ScribbleError(
            f"A stroke must overlap the frame of {shape[1]} x {shape[2]} pixels; the "
            f"one on frame {scribble.frame} lies wholly outside. Draw it on the image."
        )
    covered = np.zeros(shape[1:], bool)
    covered[tuple(pixels[inside].T)] = True
    return np.argwhere(covered)


def scale_scribble(
    scribble: Scribble, source: tuple[int, ...], target: tuple[int, ...]
) -> Scribble:
    """Convert a stroke between videos of the sizes `source` and `target`, (T, H, W)."""
    if source == target:
        return scribble
    path = scale_points(scribble.path, source[1:], target[1:])
    return replace(scribble, path=path)


def paint_scribbles(
    painted_pixels: PaintedPixels,
    scribbles: Sequence[Scribble],
    shape: tuple[int, int, int],
) -> PaintedPixels:
    """Rasterise strokes over previously labelled pixels.

    Parameters
    ----------
    painted_pixels : PaintedPixels
        Pixels labelled by earlier strokes.
    scribbles : sequence of Scribble
        New strokes, oldest first. Each stroke replaces labels under it; a stroke of
        the eraser removes them.
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    painted_pixels : PaintedPixels
        Distinct pixels, sorted by frame, row and column.
    """
    layers: list[tuple[NDArray[Any], ...]] = [
        (
            painted_pixels.frame,
            painted_pixels.row,
            painted_pixels.col,
            painted_pixels.label.astype(np.int64),
        )
    ]
    for scribble in scribbles:
        rows, cols = rasterise(scribble, shape).T
        frames = np.full(len(rows), scribble.frame, np.int64)
        labels = np.full(len(rows), scribble.label, np.int64)
        layers.append((frames, rows, cols, labels))
    frame, row, col, label = (
        np.concatenate(part) for part in zip(*layers, strict=True)
    )
    key = (frame.astype(np.int64) * shape[1] + row) * shape[2] + col
    _, newest = np.unique(key[::-1], return_index=True)
    kept = len(key) - 1 - newest
    kept = kept[label[kept] != ERASED]
    return PaintedPixels(
        frame[kept].astype(np.int32),
        row[kept].astype(np.int32),
        col[kept].astype(np.int32),
        label[kept].astype(label_dtype(int(label[kept].max(initial=0)))),
    )
