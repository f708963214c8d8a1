"""Objects cut out of the photographs that ship with scikit-image."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.samples.outlines import OUTLINES
from napari_gnn_vos.vision import cv2

RGBImage = NDArray[np.uint8]
TEXTURE_PHOTOGRAPHS = (
    "chelsea.png",
    "ihc.png",
    "coffee.png",
    "motorcycle_left.png",
    "retina.jpg",
)
"""Photographs that random shapes are cut out of."""


@lru_cache(maxsize=16)
def read_photograph(name: str) -> RGBImage:
    """Read a photograph from the data folder of the installed scikit-image.

    Parameters
    ----------
    name : str
        File name in ``skimage/data``.

    Returns
    -------
    image : (H, W, 3) ndarray of uint8
        RGB, read-only.

    Raises
    ------
    ReadError
        If the file is missing or damaged.
    """
    package = find_spec("skimage")
    origin = package.origin if package is not None else None
    file = Path(origin or "").parent / "data" / name
    content = np.fromfile(file, np.uint8) if file.is_file() else np.empty(0, np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if image is None:
        raise ReadError(
            f"Expected the photograph {name} inside scikit-image; {file} is missing or "
            "damaged. Install scikit-image again, from PyPI or conda-forge."
        )
    rgb: RGBImage = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    rgb.flags.writeable = False
    return rgb


def cut_out_object(name: str) -> RGBImage:
    """Cut an object of ``OUTLINES`` out of its photograph.

    Parameters
    ----------
    name : str
        Key of ``OUTLINES``, such as ``"cat"``.

    Returns
    -------
    cutout : (h, w, 4) ndarray of uint8
        RGBA with an antialiased border.
    """
    photo, text = OUTLINES[name]
    outline = [[float(x) for x in corner.split(",")] for corner in text.split()]
    return _cut_out_polygon(read_photograph(photo), np.array(outline))


def cut_out_random_shape(rng: np.random.Generator) -> RGBImage:
    """Cut a random smooth shape out of a random photograph.

    The radius of the outline is a Fourier series of the angle with random coefficients.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random generator for photograph, shape and position.

    Returns
    -------
    cutout : (h, w, 4) ndarray of uint8
        RGBA with an antialiased border.
    """
    photo = read_photograph(TEXTURE_PHOTOGRAPHS[rng.integers(len(TEXTURE_PHOTOGRAPHS))])
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    coefficients = rng.normal(0, 0.14, (4, 2)) / np.sqrt(np.arange(1, 5))[:, None]
    multiples = np.arange(1, 5)[:, None] * angle
    series = coefficients[:, 0] @ np.cos(multiples)
    series = 1 + series + coefficients[:, 1] @ np.sin(multiples)
    radius = np.clip(series, 0.4, 1.6)
    stretch = np.array([1.0, rng.uniform(0.6, 1.0)])
    outline = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) * stretch
    extent = rng.uniform(0.25, 0.4) * min(photo.shape[:2])
    margin = np.array(photo.shape[1::-1]) / 2 - extent
    centre = np.array(photo.shape[1::-1]) / 2 + rng.uniform(-0.6, 0.6, 2) * margin
    return _cut_out_polygon(photo, outline * (extent / np.abs(outline).max()) + centre)


def _cut_out_polygon(photo: RGBImage, outline: NDArray[np.float64]) -> RGBImage:
    """Smooth the outline by corner cutting (Chaikin), rasterize it and crop."""
    for _ in range(2):
        following = np.roll(outline, -1, axis=0)
        pair = (0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following)
        outline = np.stack(pair, 1).reshape(-1, 2)
    alpha = np.zeros(photo.shape[:2], np.uint8)
    fixed_point = np.rint(outline * 16).astype(np.int32)  # 4 fractional bits
    cv2.fillPoly(alpha, [fixed_point], 255, cv2.LINE_AA, shift=4)
    x, y, w, h = cv2.boundingRect(alpha)
    rgba = np.dstack([photo, alpha])[y : y + h, x : x + w]
    return np.ascontiguousarray(np.pad(rgba, ((2, 2), (2, 2), (0, 0))))
