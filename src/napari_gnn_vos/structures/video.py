"""A video: frames of any kind, seen as RGB pictures one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.noise import denoised
from napari_gnn_vos.vision import cv2

Rgb = NDArray[np.uint8]
SAMPLED_FRAMES = 16
"""Frames looked at for the display range and, in lazy videos, for the fingerprint."""


class Frames(Protocol):
    """What a video's frames must offer: an array's shape, dtype and indexing."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(T, H, W)`` or ``(T, H, W, C)``."""

    @property
    def dtype(self) -> Any:
        """A numeric NumPy dtype."""

    def __getitem__(self, index: int, /) -> Any:
        """Frame `index`, anything that :func:`numpy.asarray` takes."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Video:
    """T frames of H x W pixels, read one at a time.

    Parameters
    ----------
    frames : (T, H, W) or (T, H, W, C) array-like
        As the file has them: uint8, uint16, any integer or float; 1 to 4 channels
        (grey, two stains, RGB, RGBA). A NumPy, dask or zarr array, or any object
        with ``shape``, ``dtype`` and frames behind an integer index.
    limits : (float, float)
        Values shown as black and as white, the same for the whole video.
    name : str
        What to call the video.
    identity : str, optional
        What stands for the pixels in the fingerprint of a lazily read file, for
        example its path, size and time of change. Empty for an array in memory, whose
        pixels are all hashed.

    Attributes
    ----------
    greys : sequence of T (H, W) ndarray of uint8
        Brightness; the frames asked for last are kept.

    Raises
    ------
    VideoError
        With fewer than two frames, a frame smaller than 16 pixels, more than four
        channels, or pixels that are no numbers.
    """

    frames: Frames
    limits: tuple[float, float] = (0.0, 255.0)
    name: str = "video"
    identity: str = ""
    greys: CachedSequence[NDArray[np.uint8]] = field(init=False)

    def __post_init__(self) -> None:
        shape = tuple(self.frames.shape)
        if len(shape) not in (3, 4) or (len(shape) == 4 and not 1 <= shape[3] <= 4):
            raise VideoError(
                "A video has the axes (time, row, column) and at most 4 channels last; "
                f"{self.name!r} has the shape {shape}. Reorder or drop axes first."
            )
        if np.dtype(self.frames.dtype).kind not in "buif":
            raise VideoError(
                f"Pixels must be real numbers; those of {self.name!r} are of the type "
                f"{self.frames.dtype}. Convert them first, complex ones by numpy.abs."
            )
        if shape[0] < 2:
            raise VideoError(
                f"A video needs two frames or more; {self.name!r} has {shape[0]}. "
                "Add frames, or label a single picture with a tool for pictures."
            )
        if min(shape[1:3]) < 16:
            raise VideoError(
                f"Frames must be 16 pixels or more each way; {self.name!r} has frames "
                f"of {shape[1]} x {shape[2]}. Enlarge them first."
            )
        grey = partial(_grey, self.frames, self.limits, self.name)  # not self: no cycle
        object.__setattr__(self, "greys", CachedSequence(grey, int(shape[0])))

    @classmethod
    def from_array(
        cls, frames: Frames, name: str = "video", identity: str = ""
    ) -> Video:
        """Wrap an array and choose its display range.

        Bytes are shown as they are; other types between their 0.1 and 99.9
        percentiles over up to 16 frames, finite values only.

        Parameters
        ----------
        frames : (T, H, W) or (T, H, W, C) array-like
            See the class.
        name, identity : str
            See the class.

        Returns
        -------
        video : Video
        """
        video = cls(frames, (0.0, 255.0), name, identity)
        if np.dtype(frames.dtype) == np.uint8:
            return video
        return cls(frames, _display_range(video), name, identity)

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(T, H, W)``."""
        t, h, w = self.frames.shape[:3]
        return int(t), int(h), int(w)

    def raw(self, t: int) -> NDArray[Any]:
        """Frame `t` as the file has it, (H, W) or (H, W, C).

        Raises
        ------
        VideoError
            If the frame has another size than the first, or values that are not finite.
        """
        return _raw(self.frames, self.name, t)

    def rgb(self, t: int, *, denoise: bool = False) -> Rgb:
        """Frame `t` as an RGB picture.

        Parameters
        ----------
        t : int
        denoise : bool
            Take noise out, where there is more than films have.

        Returns
        -------
        picture : (H, W, 3) ndarray of uint8
            Grey repeated, a pair of channels as red and green, alpha left out.
        """
        picture = _rgb(self.raw(t), self.limits)
        return denoised(picture) if denoise else picture

    def fingerprint(self) -> str:
        """Digest of shape, display range and pixels, 32 hexadecimal digits.

        All pixels of an array in memory; the identity and a few frames of a file.
        """
        digest = hashlib.sha256(
            repr((tuple(self.frames.shape), str(self.frames.dtype))).encode()
        )
        digest.update(repr((self.limits, self.identity)).encode())
        every = self.shape[0]
        for t in _spread_out(every, SAMPLED_FRAMES if self.identity else every):
            digest.update(np.ascontiguousarray(self.raw(t)).data)
        return digest.hexdigest()[:32]


def _spread_out(length: int, count: int) -> Iterator[int]:
    """Up to `count` frame numbers, evenly spaced over the video."""
    yield from np.unique(np.linspace(0, length - 1, min(length, count)).astype(int))


def _display_range(video: Video) -> tuple[float, float]:
    sampled = [
        video.raw(t).ravel() for t in _spread_out(video.shape[0], SAMPLED_FRAMES)
    ]
    low, high = np.percentile(np.concatenate(sampled), [0.1, 99.9])
    return float(low), float(high if high > low else low + 1)


def _raw(frames: Frames, name: str, t: int) -> NDArray[Any]:
    frame = np.asarray(frames[t])
    if frame.shape != tuple(frames.shape[1:]):
        raise VideoError(
            f"Every frame of {name!r} must have the shape "
            f"{tuple(frames.shape[1:])}; frame {t} has {frame.shape}. "
            "Crop or resize the frames to one size."
        )
    if frame.dtype.kind == "f" and not np.isfinite(frame).all():
        raise VideoError(
            f"Pixels must be finite; frame {t} of {name!r} has "
            f"{int((~np.isfinite(frame)).sum())} that are NaN or infinite. "
            "Replace them first, for example with numpy.nan_to_num."
        )
    return frame.view(np.uint8) if frame.dtype == bool else frame


def _rgb(frame: NDArray[Any], limits: tuple[float, float]) -> Rgb:
    if frame.ndim == 2:
        frame = frame[..., None]
    if frame.shape[2] == 4:
        frame = frame[..., :3]
    if frame.dtype != np.uint8 or limits != (0.0, 255.0):
        low, high = limits
        scaled = (frame.astype(np.float32) - low) * (255.0 / (high - low))
        frame = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if frame.shape[2] == 1:
        return np.repeat(frame, 3, axis=2)
    if frame.shape[2] == 2:
        return np.concatenate([frame, np.zeros_like(frame[..., :1])], axis=2)
    return np.ascontiguousarray(frame)


def _grey(
    frames: Frames, limits: tuple[float, float], name: str, t: int
) -> NDArray[np.uint8]:
    picture = _rgb(_raw(frames, name, t), limits)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
