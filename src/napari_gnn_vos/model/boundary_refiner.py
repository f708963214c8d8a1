"""Tiled inference of the boundary decoder in the band around a predicted boundary."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_gnn_vos.model.backbone import Embed
from napari_gnn_vos.model.boundary_decoder import (
    COLOUR_CHANNELS,
    BoundaryDecoder,
    upsample,
)
from napari_gnn_vos.model.encoded_video import (
    TILE,
    Box,
    EncodedFrame,
    EncodedVideo,
    tile_box,
    tile_corners,
)
from napari_gnn_vos.model.local_colours import (
    colour_statistics,
    fill_colour_windows,
)
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.weak_cache import WeakCache
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
ALIGNMENT = 8
"""Height and width of an image are padded to multiples of the largest stride."""


class BoundaryRefiner:
    """A trained decoder with its backbone.

    Parameters
    ----------
    decoder : BoundaryDecoder
        In evaluation mode.
    embed : callable
        Backbone, from an image to the maps of `FEATURE_BLOCKS`.
    device : str
    """

    def __init__(
        self, decoder: BoundaryDecoder, embed: Embed, device: str = "cpu"
    ) -> None:
        self._decoder = decoder.to(device)
        self._embed, self._device = embed, device
        self._videos: dict[bool, WeakCache[Video, EncodedVideo]]
        self._videos = {False: WeakCache(), True: WeakCache()}

    def encoded_video(self, video: Video, denoise: bool) -> EncodedVideo:
        """Return the cache of encoded frames of a video.

        Parameters
        ----------
        video : Video
            Must exist as long as frames are encoded; the cache does not keep it alive.
        denoise : bool
            Whether noise is removed, as in preparation.
        """

        def create(owner: Video) -> EncodedVideo:
            read = partial(_read, weakref.ref(owner), denoise)
            return EncodedVideo(read, self.encode)

        return self._videos[denoise].get(video, create)

    def stride2_size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Compute height and width at stride 2 of a padded image of (H, W) pixels."""
        h, w = (ALIGNMENT // 2 * -(-size // ALIGNMENT) for size in shape)
        return h, w

    @torch.inference_mode()
    def encode(self, image: U8, box: Box | None = None) -> EncodedFrame:
        """Compute the decoder inputs that do not depend on the prediction.

        Parameters
        ----------
        image : (H, W, 3) ndarray of uint8
            Its last row and column are repeated up to multiples of 8.
        box : tuple of slice, optional
            Rows and columns to encode at stride 2, multiples of 4; all by default.
        """
        height, width = (-size % ALIGNMENT for size in image.shape[:2])
        extended = np.pad(image, ((0, height), (0, width), (0, 0)), mode="edge")
        half = extended.shape[1] // 2, extended.shape[0] // 2
        small = cv2.resize(extended, half, interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2Lab)
        box = box or (slice(0, half[1]), slice(0, half[0]))
        rows, cols = (slice(2 * side.start, 2 * side.stop) for side in box)
        part = np.ascontiguousarray(extended[rows, cols])
        features = [self._tensor(level) for level in self._embed(part)]
        rgb = self._tensor(np.ascontiguousarray(small[box])) / 255 - 0.5
        maps = self._decoder.image_maps(features, rgb)
        stride2, stride4, stride8 = (level[0].half() for level in maps)
        return EncodedFrame(stride2, stride4, stride8, lab, box)

    def _tensor(self, channels_last: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(channels_last).to(self._device).float()
        return tensor.permute(2, 0, 1)[None]

    @torch.inference_mode()
    def logits(self, frame: EncodedFrame, coarse: F32, band: NDArray[np.bool_]) -> F32:
        """Decode an object inside a band.

        Parameters
        ----------
        frame : EncodedFrame
            Its box contains that of the band, see `tile_box`.
        coarse : (h, w) ndarray of float32
            Probability of the object at stride 2.
        band : (h, w) ndarray of bool
            Where the logit is needed.

        Returns
        -------
        logit : (h, w) ndarray of float32
            Zero in tiles without band.
        """
        out = np.zeros(coarse.shape, np.float32)
        corners = tile_corners(band)
        if len(corners) == 0:
            return out
        box = tile_box(band)
        indices = (corners - [side.start for side in box]) // TILE
        p = torch.from_numpy(coarse[box]).to(self._device)[None]
        stride2, stride4, stride8 = _crop(frame, box)
        maps = torch.cat([self._context(stride4, stride8, p), 2 * p - 1])
        colours = self._colours(frame, coarse, corners)
        inputs = torch.cat([_windows(maps, 2, indices), colours], 1)
        image = _windows(stride2, 1, indices).float()
        inside = _windows(torch.ones_like(p), 1, indices)
        logit = self._decoder.residual(image, inputs, inside)
        logit += self._decoder.coarse_logit(_windows(p, 0, indices))
        for (r, c), tile in zip(corners, logit[:, 0].numpy(force=True), strict=True):
            target = out[r : r + TILE, c : c + TILE]
            target[:] = tile[: target.shape[0], : target.shape[1]]
        return out

    def _colours(
        self, frame: EncodedFrame, coarse: F32, corners: NDArray[np.int64]
    ) -> Tensor:
        """Compute colour likelihoods of tiles with a margin of 2; 0 outside images."""
        size = TILE + 4
        colours = np.empty((len(corners), COLOUR_CHANNELS, size, size), np.float32)
        statistics = colour_statistics(frame.lab, coarse)
        fill_colour_windows(frame.lab, statistics, corners - 2, colours)
        return torch.from_numpy(colours).to(self._device)

    def _context(self, stride4: Tensor, stride8: Tensor, p: Tensor) -> Tensor:
        """Compute the activation at stride 4 of a box, upsampled, (16, h, w)."""
        p4, p8 = (functional.avg_pool2d(2 * p[None] - 1, size) for size in (2, 4))
        stride4, stride8 = stride4[None].float(), stride8[None].float()
        return upsample(self._decoder.context(stride4, stride8, p4, p8))[0]


def _read(video: weakref.ref[Video], denoise: bool, t: int) -> U8:
    owner = video()
    if owner is None:
        raise ReferenceError("The video of these frames no longer exists.")
    return owner.rgb(t, denoise=denoise)


def _crop(frame: EncodedFrame, box: Box) -> list[Tensor]:
    """Cut a box out of the maps of a frame."""
    parts = []
    for level, scale in ((frame.stride2, 1), (frame.stride4, 2), (frame.stride8, 4)):
        rows, cols = (
            slice((b.start - a.start) // scale, (b.stop - a.start) // scale)
            for a, b in zip(frame.box, box, strict=True)
        )
        parts.append(level[:, rows, cols])
    return parts


def _windows(maps: Tensor, margin: int, indices: NDArray[np.int64]) -> Tensor:
    """Cut tiles with a margin out of (C, h, w) maps; zero outside, (N, C, s, s)."""
    below, beyond = (-size % TILE + margin for size in maps.shape[1:])
    padded = functional.pad(maps, (margin, beyond, margin, below))
    side = TILE + 2 * margin
    return torch.stack(
        [padded[:, r : r + side, c : c + side] for r, c in (indices * TILE).tolist()]
    )
