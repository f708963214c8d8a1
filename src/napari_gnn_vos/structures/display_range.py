"""Display range of a video: the values that are shown as black and as white."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import number, wrong_type

PERCENTILES = 0.1, 99.9
"""Percentiles of the pixels that are shown as black and as white."""


def display_range(values: NDArray[Any]) -> tuple[float, float]:
    """Choose the display range of pixels by percentiles.

    Parameters
    ----------
    values : (P,) ndarray of int or float
        Pixels of all channels. NaN and infinite values are left out.

    Returns
    -------
    black, white : float
        ``black < white``. 0 and 1 if there is no finite value.

    Examples
    --------
    >>> display_range(np.array([7, 7, 7], np.uint16))
    (7.0, 8.0)
    """
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    if values.dtype.kind in "iu" and _exceeds_float(values):
        return _range_of_large_integers(values)
    low, high = np.percentile(values, PERCENTILES)
    return float(low), float(
        high if high > low else max(low + 1, np.nextafter(low, np.inf))
    )


def _exceeds_float(values: NDArray[Any]) -> bool:
    """Return whether integers are too large for the 53 bits of float64."""
    return max(abs(int(values.min())), abs(int(values.max()))) > 2**53


def _range_of_large_integers(values: NDArray[Any]) -> tuple[float, float]:
    """Compute percentiles relative to the minimum, and round them outwards."""
    least = int(values.min())
    relative = (values - values.dtype.type(least)).view(np.uint64)
    low, high = (least + int(p) for p in np.percentile(relative, PERCENTILES))
    black, white = float(low), float(max(high, low + 1))
    if int(black) > low:
        black = float(np.nextafter(black, -np.inf))
    if int(white) < high or white == black:
        white = float(np.nextafter(white, np.inf))
    return black, white


def as_limits(limits: Any) -> tuple[float, float]:
    """Check and convert the values displayed as black and as white."""
    try:
        black, white = limits
    except (TypeError, ValueError) as error:
        raise wrong_type(
            "limits", "two numbers", limits, "Use Video.from_array to choose them."
        ) from error
    return number("limits", black), number("limits", white)
