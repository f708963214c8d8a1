"""Which backbone knows a piece of an object again: a test without training.

The true mask of a frame is carried to a later one: every cell takes the label of the
cell that looks most alike. The better the features, the better the mask.
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

GAP = 5
FROM = 10
CELL = 8
"""Frames between the two, the first of them, and pixels a cell."""


def measure_transfer(
    root: Path, names: Sequence[str], embed: Embed
) -> Pipeline[dict[str, float]]:
    """Measure mean J of masks carried over five frames.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    names : sequence of str
    embed : Embed
        From a picture to feature maps.

    Yields
    ------
    step : Progress

    Returns
    -------
    j : dict of str to float
        For every map of the backbone alone, for all of them, and for plain colours.
    """
    found: dict[str, list[float]] = {}
    for done, name in enumerate(names):
        yield Progress(name, done, len(names))
        video, truth = read_davis(root, name)
        last = len(truth) - 1
        times = max(0, min(FROM, last - GAP)), min(FROM + GAP, last)
        one, other = (_look(video.rgb(t, denoise=True), embed) for t in times)
        mask, wanted = (_coarse(truth[t]) for t in times)
        for features in one:
            carried = mask[_nearest(other[features], one[features])]
            both, either = (carried & wanted).sum(), (carried | wanted).sum()
            found.setdefault(features, []).append(both / either if either else 1.0)
    return {features: float(np.mean(js)) for features, js in found.items()}


def _look(picture: NDArray[np.uint8], embed: Embed) -> dict[str, NDArray[np.float32]]:
    size = (-(-picture.shape[1] // CELL), -(-picture.shape[0] // CELL))
    maps = [_rows(cv2.resize(one, size)) for one in embed(picture)]
    grey = picture.astype(np.float32)
    out = {f"block {b}": one for b, one in zip(BLOCKS, maps, strict=True)}
    out["all blocks"] = np.concatenate(maps, axis=1)
    out["colours"] = _rows(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
    return out


def _rows(one: NDArray[np.float32]) -> NDArray[np.float32]:
    return one.reshape(-1, one.shape[2])


def _coarse(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    size = (-(-mask.shape[1] // CELL), -(-mask.shape[0] // CELL))
    share = cv2.resize(
        (mask > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    return np.asarray(share.ravel() > 0.5)


def _nearest(
    these: NDArray[np.float32], among: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Row of `among` that is closest to every row of `these`."""
    far = (among**2).sum(axis=1) - 2 * these @ among.T
    return np.asarray(far.argmin(axis=1))
