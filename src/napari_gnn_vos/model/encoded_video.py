"""Cache of the inputs of the boundary decoder that depend on the image only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_gnn_vos.structures.cached_sequence import BoundedCache

U8 = NDArray[np.uint8]
Box = tuple[slice, slice]
"""Rows and columns of a frame at stride 2."""
TILE = 32
"""Side of a tile in pixels at stride 2."""
ENCODED_BYTES = 320 * 2**20
"""Bytes of encoded frames that stay in memory per video: 70 frames of 480p, or more if
the object fills a part of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedFrame:
    """Inputs of the boundary decoder from one frame, independent of the prediction.

    Parameters
    ----------
    stride2, stride4, stride8 : (C, ...) Tensor of float16
        See `model.boundary_decoder.ImageMaps`; of a box of the frame.
    lab : (h, w, 3) ndarray of uint8
        CIE Lab at stride 2, of the whole frame.
    box : tuple of slice
        Rows and columns of the maps in the frame at stride 2.
    """

    stride2: Tensor
    stride4: Tensor
    stride8: Tensor
    lab: U8
    box: Box

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        maps = self.stride2.nbytes + self.stride4.nbytes + self.stride8.nbytes
        return maps + self.lab.nbytes


class EncodedVideo:
    """Encoded frames of a video, or boxes of them, computed on access and cached.

    Parameters
    ----------
    read : callable
        From the index of a frame to its image.
    encode : callable
        From an image and a box to an `EncodedFrame`.
    """

    def __init__(
        self,
        read: Callable[[int], U8],
        encode: Callable[[U8, Box | None], EncodedFrame],
    ) -> None:
        self._read, self._encode = read, encode
        self._cache: BoundedCache[EncodedFrame] = BoundedCache(ENCODED_BYTES)

    def encode_ahead(self, frames: Iterable[int]) -> Iterator[int]:
        """Encode whole frames before they are decoded, as many as stay in memory.

        Parameters
        ----------
        frames : iterable of int
            In the order of their importance.

        Yields
        ------
        t : int
            After each frame; those that are encoded already are skipped.
        """
        nbytes = 0
        for t in frames:
            encoded = self._cache.get(t)
            if encoded is None:
                encoded = self._encode(self._read(t), None)
                if nbytes + encoded.nbytes > ENCODED_BYTES:
                    return
                self._cache.put(t, encoded)
                yield t
            nbytes += encoded.nbytes

    def frame(self, t: int, band: NDArray[np.bool_]) -> EncodedFrame:
        """Return a frame that is encoded at least in the box of a band.

        Parameters
        ----------
        t : int
        band : (h, w) ndarray of bool
            Not empty.
        """
        box, cached = tile_box(band), self._cache.get(t)
        if cached is not None:
            union = _union(cached.box, box)
            if union == cached.box:
                return cached
            box = union
        encoded = self._encode(self._read(t), box)
        self._cache.put(t, encoded)
        return encoded


def tile_corners(band: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find the first row and column of each tile that overlaps a band, (N, 2)."""
    rows, cols = (-(-size // TILE) for size in band.shape)
    whole = np.zeros((rows * TILE, cols * TILE), bool)
    whole[: band.shape[0], : band.shape[1]] = band
    used = whole.reshape(rows, TILE, cols, TILE).any(axis=(1, 3))
    return np.argwhere(used) * TILE


def tile_box(band: NDArray[np.bool_]) -> Box:
    """Compute the bounding box of the tiles of a band, with a margin of one tile.

    The margin covers the receptive field at the coarse strides. The band is not empty.
    """
    corners = tile_corners(band)
    first, last = corners.min(axis=0) - TILE, corners.max(axis=0) + 2 * TILE
    rows, cols = (
        slice(max(int(a), 0), min(int(b), size))
        for a, b, size in zip(first, last, band.shape, strict=True)
    )
    return rows, cols


def _union(first: Box, second: Box) -> Box:
    """Compute the smallest box that contains two boxes."""
    rows, cols = (
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    return rows, cols
