"""Generated pictures with masks, stored like photographs.

See `photographs.PhotographSamples` for the layout of the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

JPEG_QUALITY = 95


class MaskedPicture(NamedTuple):
    """A picture and the mask of its object.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
    mask : (H, W) ndarray of bool
    """

    rgb: Rgb
    mask: NDArray[np.bool_]


def write_pictures(
    draw: Callable[[Generator], MaskedPicture], folder: Path, count: int, seed: int = 0
) -> Pipeline[None]:
    """Generate pictures and write them; existing ones are kept.

    Parameters
    ----------
    draw : callable
        Generates one.
    folder : Path
        Gets ``images/NAME.jpg`` and ``masks/NAME.png``, 255 object and 0 background.
    count : int
        Number of pictures.
    seed : int

    Yields
    ------
    step : Progress
    """
    images, masks = folder / "images", folder / "masks"
    for subfolder in (images, masks):
        subfolder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        yield Progress("generate pictures", number, count)
        mask_file = masks / f"{number:05d}.png"
        if not mask_file.exists():
            rgb, mask = draw(np.random.default_rng((seed, number)))
            bgr = np.ascontiguousarray(rgb[..., ::-1])
            quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
            _write(images / f"{number:05d}.jpg", bgr, quality)
            _write(mask_file, np.where(mask, 255, 0).astype(np.uint8), [])


def _write(path: Path, image: NDArray[np.uint8], options: list[int]) -> None:
    encoded = cv2.imencode(path.suffix, image, options)[1].tobytes()
    atomic_write(path, encoded)
