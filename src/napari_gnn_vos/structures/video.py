"""A video with frames of any numeric type, converted to RGB images one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import flag, instance, integer
from napari_gnn_vos.errors import FrameIndexError, GnnVosError, ReadError, VideoError
from napari_gnn_vos.hardware import raise_if_cancelled, worker_threads
from napari_gnn_vos.progress import POLL_SECONDS, Pipeline, Progress, drain
from napari_gnn_vos.structures.arrays import as_frames, report_non_finite, without_mask
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.display_range import as_limits, display_range
from napari_gnn_vos.structures.noise import denoised
from napari_gnn_vos.structures.rgb import Rgb, to_rgb
from napari_gnn_vos.vision import cv2

SAMPLED_FRAMES = 16
"""Frames sampled for the display range and, in lazy videos, for the fingerprint."""
HASHED_BYTES = 2**24
"""Bytes that are hashed at a time."""
MIN_SIDE = 16
"""Smallest height and width of a frame in pixels."""


class Frames(Protocol):
    """An array-like of frames with shape, dtype and integer indexing."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(T, H, W)`` or ``(T, H, W, C)``."""

    @property
    def dtype(self) -> Any:
        """A numeric NumPy dtype."""

    def __getitem__(self, index: int, /) -> Any:
        """Return frame `index`; anything that :func:`numpy.asarray` accepts."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Video:
    """T frames of H x W pixels, read one at a time; a single image is one frame.

    Parameters
    ----------
    frames : (T, H, W) or (T, H, W, C) array-like
        As stored in the file: any integer or float type; 1 to 4 channels (grey, two
        stains, RGB, RGBA). A NumPy, dask or zarr array, or any object with ``shape``,
        ``dtype`` and integer indexing; others, such as a list of frames or a PyTorch
        tensor, are converted by :func:`numpy.asarray`.
    limits : (float, float)
        Values displayed as black and as white, the same for all frames.
    name : str
        Name of the video.
    identity : str, optional
        Replaces most pixels in the fingerprint of a lazily read file, for example its
        path, size and modification time. Empty for an array in memory.

    Attributes
    ----------
    greys : sequence of T (H, W) ndarray of uint8
        Grey images of all frames, computed on access and cached.
    notes : list of str
        Warnings about the content: those of `frames` if it has notes, and one on the
        first frame with pixels that are NaN or infinite. They are appended when frames
        are read, and logged.

    Raises
    ------
    VideoError
        If there are no frames, frames smaller than 16 pixels, more than
        four channels, pixels that are not real numbers, or unknown lengths.
    ArgumentError
        If the limits are not two numbers, or name or identity is no text.
    """

    frames: Frames
    limits: tuple[float, float] = (0.0, 255.0)
    name: str = "video"
    identity: str = ""
    greys: CachedSequence[NDArray[np.uint8]] = field(init=False)
    notes: list[str] = field(init=False)

    def __post_init__(self) -> None:
        _TEXT("name", self.name)
        _TEXT("identity", self.identity)
        object.__setattr__(self, "limits", as_limits(self.limits))
        object.__setattr__(self, "frames", as_frames(self.frames, self.name))
        shape = tuple(self.frames.shape)
        if np.isnan(shape).any():
            raise VideoError(
                f"The length of each axis must be known; {self.name!r} has the shape "
                f"{shape}. Call compute_chunk_sizes() of the dask array first."
            )
        if len(shape) not in (3, 4) or (len(shape) == 4 and not 1 <= shape[3] <= 4):
            raise VideoError(
                "A video has the axes (time, row, column) and at most 4 channels last; "
                f"{self.name!r} has the shape {shape}. Reorder or drop axes first; a "
                "single image is a video of one frame, image[None]."
            )
        if np.dtype(self.frames.dtype).kind not in "buif":
            raise VideoError(
                f"Pixels must be real numbers; those of {self.name!r} are of the type "
                f"{self.frames.dtype}. Convert them first, complex ones by numpy.abs."
            )
        if shape[0] < 1:
            raise VideoError(
                f"A video needs one frame or more; {self.name!r} has none. "
                "Check that the file or the array is complete."
            )
        if min(shape[1:3]) < MIN_SIDE:
            raise VideoError(
                f"Frames must be {MIN_SIDE} pixels or more each way; {self.name!r} "
                f"has frames of {shape[1]} x {shape[2]}. Enlarge them first; a single "
                "colour image is a video of one frame, image[None]."
            )
        notes = getattr(self.frames, "notes", None)
        object.__setattr__(self, "notes", [] if notes is None else notes)
        # not a bound method, which would form a reference cycle
        grey = partial(_grey, self.frames, self.limits, self.name, self.notes)
        object.__setattr__(self, "greys", CachedSequence(grey, int(shape[0])))

    @classmethod
    def from_array(
        cls, frames: Frames, name: str = "video", identity: str = ""
    ) -> Video:
        """Wrap an array and choose its display range.

        The range of uint8 is 0 to 255; other types use the 0.1 and 99.9 percentiles of
        up to 16 frames.

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
        frames = video.frames
        if np.dtype(frames.dtype) == np.uint8:
            return video
        sampled = _evenly_spaced(video.shape[0], SAMPLED_FRAMES)
        limits = display_range(np.concatenate([video.raw(t).ravel() for t in sampled]))
        ranged = cls(frames, limits, name, identity)
        ranged.notes[:] = video.notes
        return ranged

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(T, H, W)``."""
        t, h, w = self.frames.shape[:3]
        return int(t), int(h), int(w)

    def raw(self, t: int) -> NDArray[Any]:
        """Return frame `t` as stored, (H, W) or (H, W, C).

        Pixels that are NaN or infinite are kept, and reported in `notes`.

        Raises
        ------
        FrameIndexError
            If the video does not have the frame. Negative numbers count from the end.
        ReadError
            If a lazy array cannot read the frame, for example a chunk of a dask array.
        VideoError
            If the size or the type differs from that of other frames.
        """
        return _raw(self.frames, self.name, self.notes, t)

    def rgb(self, t: int, *, denoise: bool = False) -> Rgb:
        """Convert frame `t` to RGB.

        Parameters
        ----------
        t : int
        denoise : bool
            Denoise noisy frames, see `structures.noise`.

        Returns
        -------
        image : (H, W, 3) ndarray of uint8
            A grey channel is repeated, two channels become red and green, and alpha is
            dropped. NaN is black.
        """
        image = to_rgb(self.raw(t), self.limits)
        return denoised(image) if flag("denoise", denoise) else image

    def fingerprint(self) -> str:
        """Compute a hash of shape, display range and pixels, 32 hexadecimal digits.

        Of an array in memory all pixels are hashed; of a file, or an array that is read
        on access, the identity and `SAMPLED_FRAMES` frames.
        """
        return drain(self.compute_fingerprint())

    def compute_fingerprint(self) -> Pipeline[str]:
        """Compute the fingerprint as a pipeline, which can be cancelled."""
        digest = hashlib.sha256(
            repr((tuple(self.frames.shape), str(self.frames.dtype))).encode()
        )
        digest.update(repr((self.limits, self.identity)).encode())
        count = self.shape[0]
        is_sampled = bool(self.identity) or not _in_memory(self.frames)
        hashed = range(min(count, SAMPLED_FRAMES) if is_sampled else count)
        with worker_threads() as pool:
            for k, t in enumerate(_evenly_spaced(count, len(hashed))):
                step = Progress("read video", k, len(hashed))
                yield step
                reading = pool.submit(self._hash_frame, digest, t)
                while not wait([reading], POLL_SECONDS).done:
                    yield step
                reading.result()
        return digest.hexdigest()[:32]

    def _hash_frame(self, digest: hashlib._Hash, t: int) -> None:
        """Add the pixels of frame `t` in parts, so that hashing can be cancelled."""
        content = np.ascontiguousarray(self.raw(t)).reshape(-1).view(np.uint8)
        for start in range(0, content.size, HASHED_BYTES):
            raise_if_cancelled()
            digest.update(content[start : start + HASHED_BYTES].data)


_TEXT = instance(str)


def _evenly_spaced(length: int, count: int) -> Iterator[int]:
    """Yield up to `count` frame indices, evenly spaced over the video."""
    yield from np.unique(np.linspace(0, length - 1, min(length, count)).astype(int))


_FRAME = integer()


def _in_memory(frames: Frames) -> bool:
    """Return whether frames are an array in memory, or declare that they are."""
    if isinstance(frames, np.ndarray):
        return not isinstance(frames, np.memmap)
    return bool(getattr(frames, "in_memory", False))


def _read(frames: Frames, name: str, t: int) -> NDArray[Any]:
    """Read a frame; lazy arrays raise errors of any type."""
    try:
        return without_mask(frames[t])
    except GnnVosError:
        raise
    except Exception as error:
        raise ReadError(
            f"Frame {t} of {name!r} cannot be read: {type(error).__name__}: {error}. "
            "Check that its files exist and are complete, and open the video again."
        ) from error


def _raw(frames: Frames, name: str, notes: list[str], t: int) -> NDArray[Any]:
    """Read and check frame `t`; boolean frames become uint8."""
    t, count = _FRAME("t", t), int(frames.shape[0])
    if not -count <= t < count:
        raise FrameIndexError(
            f"Expected a frame of {name!r} from 0 to {count - 1}; got {t}."
        )
    frame = _read(frames, name, t % count)
    if frame.shape != tuple(frames.shape[1:]):
        raise VideoError(
            f"Every frame of {name!r} must have the shape "
            f"{tuple(frames.shape[1:])}; frame {t} has {frame.shape}. "
            "Crop or resize the frames to one size."
        )
    if frame.dtype.newbyteorder("=") != np.dtype(frames.dtype).newbyteorder("="):
        raise VideoError(
            f"Every frame of {name!r} must have the type {np.dtype(frames.dtype)}; "
            f"frame {t} has {frame.dtype}. Convert the frames to one type."
        )
    if frame.dtype.kind == "f" and not np.isfinite(frame).all():
        report_non_finite(frame, name, notes, t)
    return frame.view(np.uint8) if frame.dtype == bool else frame


def _grey(
    frames: Frames, limits: tuple[float, float], name: str, notes: list[str], t: int
) -> NDArray[np.uint8]:
    image = to_rgb(_raw(frames, name, notes, t), limits)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
