"""Validation, conversion and palette of label images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, ShapeError


def validate_label_images(
    labels: Iterable[NDArray[Any]], maximum: int = 255
) -> Iterator[NDArray[Any]]:
    """Validate label images and convert them to contiguous arrays of one type.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to `maximum`.
    maximum : int
        Largest label of the output format.

    Yields
    ------
    mask : (H, W) ndarray of uint8 or uint16
        Of 16 bits if `maximum` is above 255 and the given arrays have more than 8 bits.

    Raises
    ------
    ShapeError
        If there is no frame, a frame is not a label image, or the frames differ in
        size.
    """
    shape = dtype = None
    for t, frame in enumerate(labels):
        mask = np.asarray(frame)
        shape = shape or mask.shape
        integer = mask.dtype.kind in "iub"
        if mask.ndim != 2 or mask.shape != shape or not mask.size or not integer:
            raise ShapeError(
                "Expected integer label images (H, W) of one size; frame "
                f"{t} has shape {mask.shape}, type {mask.dtype}, and frame 0 has shape "
                f"{shape}. Pass one label per pixel; a single image is labels[None]."
            )
        if mask.min() < 0 or mask.max() > maximum:
            raise ShapeError(
                f"Expected labels from 0 to {maximum}; frame {t} has {mask.min()} to "
                f"{mask.max()}. Renumber the objects from 1, or select another format."
            )
        wide = maximum > 255 and mask.dtype.itemsize > 1
        dtype = dtype or (np.uint16 if wide else np.uint8)
        if mask.max() > np.iinfo(dtype).max:
            raise ShapeError(
                f"Expected label images of one type; frame {t} has {mask.dtype}, and "
                f"frame 0 has 8 bits. Convert all frames to 16 bits."
            )
        yield np.ascontiguousarray(mask, dtype)
    if shape is None:
        raise ShapeError("Expected at least one label image; there is none.")


def as_labels(image: NDArray[Any], name: str) -> NDArray[np.uint16]:
    """Convert the pixels of an image of any type to labels.

    Parameters
    ----------
    image : (H, W) ndarray
    name : str
        Name of the image, for the error.

    Raises
    ------
    ReadError
        If a value is not an integer from 0 to 65535.
    """
    with np.errstate(invalid="ignore"):  # NaN
        labels: NDArray[np.uint16] = image.astype(np.uint16)
    if not np.array_equal(labels, image):
        raise ReadError(
            f"Expected labels from 0 to 65535; {name} has other values, from "
            f"{image.min()} to {image.max()}. Renumber them, or open it as a video."
        )
    return labels


def labels_of_colours(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the labels of an RGB mask: DAVIS colours, or equal channels.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8

    Raises
    ------
    ValueError
        If there are other colours.
    """
    weights = np.array([65536, 256, 1])
    codes = image @ weights
    grey, palette = np.arange(256) * weights.sum(), davis_palette()
    for known in (np.reshape(palette, (256, 3)) @ weights, grey):
        order = np.argsort(known)
        found = order[np.clip(np.searchsorted(known[order], codes), 0, 255)]
        if (known[found] == codes).all():
            return np.asarray(found, np.uint8)
    raise ValueError("its colours are not those of the DAVIS palette")


def davis_palette() -> list[int]:
    """Return the 256 colours of DAVIS and PASCAL VOC as red, green, blue, red ...

    The bits of a label are assigned to the high bits of red, green and blue in turn.
    Label 0 is black.

    Examples
    --------
    >>> davis_palette()[:9]
    [0, 0, 0, 128, 0, 0, 0, 128, 0]
    """
    return [
        sum((label >> (3 * bit + colour) & 1) << (7 - bit) for bit in range(8))
        for label in range(256)
        for colour in range(3)
    ]
