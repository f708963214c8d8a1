"""Frames that are read one at a time, with the last few kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from operator import index as as_int
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError

KEPT_FRAMES = 8
"""Frames that stay in memory: neighbours are asked for again and again."""


class LazyFrames(ABC):
    """T frames behind an index, of which at most eight are in memory.

    A reader says in ``_read`` how one frame is fetched. Calls may come from several
    threads; ``_read`` is only ever run by one of them at a time.

    Parameters
    ----------
    shape : (T, H, W) or (T, H, W, C) tuple of int
        As announced by the file; a frame of another size is handed out as it is.
    dtype : dtype
        Of every frame.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = tuple(int(length) for length in shape)
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    @abstractmethod
    def _read(self, t: int) -> NDArray[Any]:
        """Fetch frame `t`, (H, W) or (H, W, C), from the file."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Frame `index`; also a slice of frames, or a tuple as NumPy takes it.

        Raises
        ------
        IndexError
            If there is no such frame.
        ReadError, VideoError
            If the frame cannot be read, or is of another type than the others.
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
            if t not in self._kept:
                self._kept[t] = self._checked(t)
                if len(self._kept) > KEPT_FRAMES:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(t)
            return self._kept[t]

    def _checked(self, t: int) -> NDArray[Any]:
        frame = self._read(t)
        if frame.dtype != self.dtype:
            raise VideoError(
                f"Every frame must have the pixel type of the first, {self.dtype}; "
                f"frame {t} has {frame.dtype}. Convert the frames to one type."
            )
        frame.flags.writeable = False
        return frame
