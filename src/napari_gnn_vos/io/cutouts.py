"""Objects cut out of the photographs that ship inside scikit-image."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.outlines import OUTLINES

Picture = NDArray[np.uint8]
TEXTURES = ("chelsea.png", "ihc.png", "coffee.png", "motorcycle_left.png", "retina.jpg")
"""Photographs that shapes without a name are cut out of."""


@lru_cache(maxsize=16)
def photograph(name: str) -> Picture:
    """Read a photograph out of scikit-image's own folder, never from the network.

    Parameters
    ----------
    name : str
        A file of ``skimage/data``.

    Returns
    -------
    picture : (H, W, 3) ndarray of uint8
        RGB, read-only.

    Raises
    ------
    ReadError
        If the installed scikit-image comes without it.
    """
    package = find_spec("skimage")
    origin = package.origin if package is not None else None
    file = Path(origin or "").parent / "data" / name
    content = np.fromfile(file, np.uint8) if file.is_file() else np.empty(0, np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        raise ReadError(
            f"Expected the photograph {name} inside scikit-image; {file} is missing or "
            "broken. Install scikit-image again, from PyPI or conda-forge."
        )
    rgb: Picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    rgb.flags.writeable = False
    return rgb


def cut_out(name: str) -> Picture:
    """Cut one of the objects in ``OUTLINES`` out of its photograph.

    Parameters
    ----------
    name : str
        Such as ``"cat"``.

    Returns
    -------
    sprite : (h, w, 4) ndarray of uint8
        RGBA, with an antialiased border.
    """
    photo, corners = OUTLINES[name]
    outline = [[float(x) for x in corner.split(",")] for corner in corners.split()]
    return _cut(photograph(photo), np.array(outline))


def cut_blob(rng: np.random.Generator) -> Picture:
    """Cut a smooth random shape out of a random photograph.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the shape and the place.

    Returns
    -------
    sprite : (h, w, 4) ndarray of uint8
        RGBA, with an antialiased border.
    """
    photo = photograph(TEXTURES[rng.integers(len(TEXTURES))])
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    waves = rng.normal(0, 0.14, (4, 2)) / np.sqrt(np.arange(1, 5))[:, None]
    turns = np.arange(1, 5)[:, None] * angle
    radius = np.clip(
        1 + waves[:, 0] @ np.cos(turns) + waves[:, 1] @ np.sin(turns), 0.4, 1.6
    )
    stretch = np.array([1.0, rng.uniform(0.6, 1.0)])
    outline = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) * stretch
    reach = rng.uniform(0.25, 0.4) * min(photo.shape[:2])
    room = np.array(photo.shape[1::-1]) / 2 - reach
    middle = np.array(photo.shape[1::-1]) / 2 + rng.uniform(-0.6, 0.6, 2) * room
    return _cut(photo, outline * (reach / np.abs(outline).max()) + middle)


def _cut(photo: Picture, outline: NDArray[np.float64]) -> Picture:
    """Round the corners off (Chaikin), fill the outline, crop to it."""
    for _ in range(2):
        after = np.roll(outline, -1, axis=0)
        pair = (0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after)
        outline = np.stack(pair, 1).reshape(-1, 2)
    alpha = np.zeros(photo.shape[:2], np.uint8)
    fixed = np.rint(outline * 16).astype(np.int32)  # 4 bits below the pixel
    cv2.fillPoly(alpha, [fixed], 255, cv2.LINE_AA, shift=4)
    x, y, w, h = cv2.boundingRect(alpha)
    rgba = np.dstack([photo, alpha])[y : y + h, x : x + w]
    return np.ascontiguousarray(np.pad(rgba, ((2, 2), (2, 2), (0, 0))))
