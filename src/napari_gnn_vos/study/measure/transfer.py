"""Training-free comparison of backbones by nearest-neighbour mask transfer.

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
FIRST_FRAME = 10
CELL_SIZE = 8
"""Frames between the two, the first of them, and pixels a cell."""


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
        times = (
            max(0, min(FIRST_FRAME, last - FRAME_GAP)),
            min(FIRST_FRAME + FRAME_GAP, last),
        )
        one, other = (_look(video.rgb(t, denoise=True), embed) for t in times)
        mask, wanted = (_coarse_mask(truth[t]) for t in times)
        for features in one:
            carried = mask[_nearest_rows(other[features], one[features])]
            both, either = (carried & wanted).sum(), (carried | wanted).sum()
            found.setdefault(features, []).append(both / either if either else 1.0)
    return {features: float(np.mean(js)) for features, js in found.items()}


def _look(picture: NDArray[np.uint8], embed: Embed) -> dict[str, NDArray[np.float32]]:
    size = (-(-picture.shape[1] // CELL_SIZE), -(-picture.shape[0] // CELL_SIZE))
    maps = [_cell_rows(cv2.resize(one, size)) for one in embed(picture)]
    grey = picture.astype(np.float32)
    out = {f"block {b}": one for b, one in zip(BLOCKS, maps, strict=True)}
    out["all blocks"] = np.concatenate(maps, axis=1)
    out["colours"] = _cell_rows(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
    return out


def _cell_rows(one: NDArray[np.float32]) -> NDArray[np.float32]:
    return one.reshape(-1, one.shape[2])


def _coarse_mask(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    size = (-(-mask.shape[1] // CELL_SIZE), -(-mask.shape[0] // CELL_SIZE))
    share = cv2.resize(
        (mask > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    return np.asarray(share.ravel() > 0.5)


def _nearest_rows(
    these: NDArray[np.float32], among: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Find the row of `among` closest to each row of `these`."""
    far = (among**2).sum(axis=1) - 2 * these @ among.T
    return np.asarray(far.argmin(axis=1))
