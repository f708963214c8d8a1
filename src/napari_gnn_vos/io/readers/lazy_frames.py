"""Base class of frame sequences that are read on access."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from math import prod
from operator import index as as_int
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError

MAX_PIXELS = 2**28
"""Largest number of pixels of a frame, checked before memory is allocated."""
CACHED_FRAMES = 8
"""Number of frames in the cache; neighbouring frames are accessed repeatedly."""


class LazyFrames(ABC):
    """Sequence of T frames, read on access, with a cache of the last eight.

    Subclasses implement ``_read``. Frames may be accessed from several threads; calls
    of ``_read`` are serialized by a lock.

    Parameters
    ----------
    shape : (T, H, W) or (T, H, W, C) tuple of int
        Shape according to the file. A frame of another size is returned unchanged.
    dtype : dtype
        Type of every frame.

    Raises
    ------
    VideoError
        If the frames have more than `MAX_PIXELS` pixels.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = tuple(int(length) for length in shape)
        if prod(self.shape[1:3]) > MAX_PIXELS:
            raise VideoError(
                f"Frames may have up to {MAX_PIXELS} pixels; the file declares "
                f"{' x '.join(map(str, self.shape[1:3]))}. Crop or reduce them first."
            )
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        self._cache: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    @abstractmethod
    def _read(self, t: int) -> NDArray[Any]:
        """Read frame `t`, (H, W) or (H, W, C), from the file."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return frames by an integer, a slice or a tuple, as in NumPy.

        Raises
        ------
        IndexError
            If the index is out of range.
        ReadError, VideoError
            If the frame cannot be read, or its type differs from the first frame.
        """
        first, *rest = index if isinstance(index, tuple) else (index,)
        if first is Ellipsis:
            first, rest = slice(None), [Ellipsis, *rest]
        if isinstance(first, slice):
            numbers = range(*first.indices(len(self)))
            frames = [self._frame(t)[tuple(rest)] for t in numbers]
            return np.stack(frames) if frames else np.empty((0, *self.shape[1:]))
        frame = self._frame(as_int(first))
        return frame[tuple(rest)] if rest else frame

    def _frame(self, t: int) -> NDArray[Any]:
        if not -len(self) <= t < len(self):
            raise IndexError(f"frame {t} of {len(self)}")
        t %= len(self)
        with self._lock:
            if t not in self._cache:
                self._cache[t] = self._validated(t)
                if len(self._cache) > CACHED_FRAMES:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(t)
            return self._cache[t]

    def _validated(self, t: int) -> NDArray[Any]:
        frame = self._read(t)
        if frame.dtype != self.dtype:
            raise VideoError(
                f"Every frame must have the pixel type of the first, {self.dtype}; "
                f"frame {t} has {frame.dtype}. Convert the frames to one type."
            )
        frame.flags.writeable = False
        return frame
