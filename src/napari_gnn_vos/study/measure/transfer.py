"""Comparison of backbones by nearest-neighbour mask transfer, without training.

The true mask of a frame is transferred to a later one: each cell takes the label of its
nearest neighbour in feature space. Better features give a higher J.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.model.backbone import BLOCKS, Embed
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.vision import cv2

FRAME_GAP = 5
"""Number of frames from the source to the target frame."""
FIRST_FRAME = 10
"""Source frame."""
CELL_SIZE = 8
"""Side of a cell of the feature maps, in pixels."""


def measure_transfer(
    root: Path, names: Sequence[str], embed: Embed
) -> Pipeline[dict[str, float]]:
    """Measure mean J of masks transferred over five frames.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    names : sequence of str
    embed : Embed
        Maps an image to feature maps.

    Yields
    ------
    step : Progress

    Returns
    -------
    j : dict of str to float
        For each feature map of the backbone, for all maps concatenated, and for RGB.
    """
    js: dict[str, list[float]] = {}
    for done, sequence in enumerate(names):
        yield Progress(sequence, done, len(names))
        video, truth = read_davis(root, sequence)
        last = len(truth) - 1
        times = (
            max(0, min(FIRST_FRAME, last - FRAME_GAP)),
            min(FIRST_FRAME + FRAME_GAP, last),
        )
        source, target = (
            _cell_features(video.rgb(t, denoise=True), embed) for t in times
        )
        source_mask, true = (_coarse_mask(truth[t]) for t in times)
        for name in source:
            predicted = source_mask[_nearest_rows(target[name], source[name])]
            intersection, union = (predicted & true).sum(), (predicted | true).sum()
            js.setdefault(name, []).append(intersection / union if union else 1.0)
    return {name: float(np.mean(values)) for name, values in js.items()}


def _cell_features(
    image: NDArray[np.uint8], embed: Embed
) -> dict[str, NDArray[np.float32]]:
    """Compute the features of each cell, (cells, channels), by name of the map."""
    size = (-(-image.shape[1] // CELL_SIZE), -(-image.shape[0] // CELL_SIZE))
    maps = [_cell_rows(cv2.resize(values, size)) for values in embed(image)]
    colours = image.astype(np.float32)
    out = {f"block {b}": rows for b, rows in zip(BLOCKS, maps, strict=True)}
    out["all blocks"] = np.concatenate(maps, axis=1)
    out["colours"] = _cell_rows(cv2.resize(colours, size, interpolation=cv2.INTER_AREA))
    return out


def _cell_rows(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values.reshape(-1, values.shape[2])


def _coarse_mask(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    size = (-(-mask.shape[1] // CELL_SIZE), -(-mask.shape[0] // CELL_SIZE))
    share = cv2.resize(
        (mask > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    return np.asarray(share.ravel() > 0.5)


def _nearest_rows(
    queries: NDArray[np.float32], candidates: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Find the nearest row of `candidates` for each row of `queries`."""
    distance = (candidates**2).sum(axis=1) - 2 * queries @ candidates.T
    return np.asarray(distance.argmin(axis=1))
