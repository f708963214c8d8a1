"""A file of the corpus, and the pixels that a reader must return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES, HEIGHT, WIDTH = 6, 32, 48


@dataclass(frozen=True)
class Sample:
    """A file or folder of the corpus.

    Parameters
    ----------
    name : str
        Name of the file or folder.
    write : callable
        Writes it to the given path.
    expected : (T, H, W) or (T, H, W, C) ndarray, or None
        Frames that the reader returns; None if it must refuse the file.
    tolerance : float
        Largest mean absolute difference of a frame, for lossy formats.
    """

    name: str
    write: Callable[[Path], object]
    expected: NDArray[Any] | None = None
    tolerance: float = 0.0


def frames(dtype: Any = np.uint8, channels: tuple[int, ...] = ()) -> NDArray[Any]:
    """Make smooth frames that differ from each other, (T, H, W) or (T, H, W, C)."""
    t, y, x, c = np.meshgrid(
        np.arange(FRAMES),
        np.arange(HEIGHT),
        np.arange(WIDTH),
        np.arange(channels[0] if channels else 1),
        indexing="ij",
    )
    values = (37 * t + 3 * y + 2 * x + 60 * c) % 240
    if np.dtype(dtype).kind == "b":
        values = values > 120
    elif np.dtype(dtype).itemsize > 1:
        values = values * 100
    return values.reshape(FRAMES, HEIGHT, WIDTH, *channels).astype(dtype)
