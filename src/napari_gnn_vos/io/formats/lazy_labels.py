"""Label images that are read, or converted from other types, on access."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.label_images import as_labels
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames


class LazyLabels(LazyFrames):
    """Label images (T, H, W) that are read on access.

    Raises
    ------
    ReadError
        On access, if a frame has another size than the first.
    """

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return map(self._validated, range(len(self)))

    def _validated(self, t: int) -> NDArray[Any]:
        frame = super()._validated(t)
        if frame.shape != self.shape[1:]:
            raise ReadError(
                f"Every mask must have the size of the first, {self.shape[1:]}; mask "
                f"{t} has {frame.shape}. Crop or resize the masks to one size."
            )
        return frame

    @property
    def size(self) -> int:
        """Number of pixels of all frames."""
        return prod(self.shape)


class LabelsOfVideo(LazyLabels):
    """Frames of a greyscale video as label images.

    Parameters
    ----------
    frames : LazyFrames
        (T, H, W), or (T, H, W, C) with equal channels.
    """

    def __init__(self, frames: LazyFrames) -> None:
        super().__init__(frames.shape[:3], frames.dtype)
        self._frames = frames

    def _read(self, t: int) -> NDArray[Any]:
        frame = self._frames[t]
        return frame if frame.ndim == 2 else np.ascontiguousarray(frame[..., 0])


class ConvertedLabels(LazyLabels):
    """Label images of any type, converted to the smallest type of labels.

    All frames of other types than bool and uint8 are checked first.

    Parameters
    ----------
    frames : (T, H, W) array-like
        Values are labels; indexed by frame.
    path : Path
        The file, for messages.

    Raises
    ------
    ReadError
        If a value is not an integer from 0 to 65535.
    """

    def __init__(self, frames: Any, path: Path) -> None:
        self._frames, self._source = frames, path
        is_narrow = frames.dtype in (np.dtype(bool), np.dtype(np.uint8))
        super().__init__(frames.shape, np.uint8 if is_narrow else np.uint16)
        if not is_narrow:
            for t in range(len(frames)):
                self[t]

    def _read(self, t: int) -> NDArray[Any]:
        labels = as_labels(self._frames[t], f"frame {t} of {self._source}")
        return labels.astype(self.dtype)
