"""Label images of a video, compressed frame by frame in memory; ranges of frames."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from napari_gnn_vos.errors import SettingsError

Labels = NDArray[np.uint8 | np.uint16]
LabelType = type[np.uint8 | np.uint16]


def label_dtype(largest: int) -> LabelType:
    """Return uint8 if it can represent the largest label, else uint16."""
    return np.uint8 if largest < 256 else np.uint16


class LabelFrames(NDArrayOperatorsMixin):
    """T label images of H x W pixels, compressed, as a read-only array-like.

    Indexing decompresses only the frames that are needed. Arithmetic, ``max()`` and
    :func:`numpy.asarray` decompress all of them. Copies are ordinary, writable arrays,
    so that a duplicated napari layer can be edited.

    Parameters
    ----------
    shape : (int, int, int)
        T, H, W.
    packed : iterable of T bytes
        Compressed frames by :func:`pack`, in order.
    dtype : type
        uint8, or uint16 for labels above 255.
    """

    ndim = 3

    def __init__(
        self,
        shape: tuple[int, int, int],
        packed: Iterable[bytes],
        dtype: LabelType = np.uint8,
    ) -> None:
        self.shape = shape
        self.dtype: np.dtype[np.uint8 | np.uint16] = np.dtype(dtype)
        self._packed = tuple(packed)
        if len(self._packed) != shape[0]:
            raise ValueError(f"expected {shape[0]} frames, got {len(self._packed)}")

    @classmethod
    def of(cls, labels: NDArray[Any]) -> LabelFrames:
        """Compress a (T, H, W) array of uint8 or uint16."""
        t, h, w = labels.shape
        return cls((t, h, w), map(pack, labels), labels.dtype.type)

    @classmethod
    def blank(cls, shape: tuple[int, int, int]) -> LabelFrames:
        """Return frames that are background everywhere."""
        return cls(shape, [pack(np.zeros(shape[1:], np.uint8))] * shape[0])

    def widened(self) -> LabelFrames:
        """Return the labels in 16 bits; the compressed frames are shared."""
        return LabelFrames(self.shape, self._packed, np.uint16)

    def editable(self) -> EditableLabelFrames:
        """Return a copy that can be written to; frames are shared until then."""
        return EditableLabelFrames(self.shape, self._packed, self.label_type)

    @property
    def label_type(self) -> LabelType:
        """Type of the labels, uint8 or uint16."""
        return np.uint8 if self.dtype == np.uint8 else np.uint16

    @property
    def packed(self) -> tuple[bytes, ...]:
        """Compressed frames."""
        return self._packed

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """Number of pixels of all frames."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Compressed size in bytes."""
        return sum(map(len, self._packed))

    def frame(self, t: int) -> Labels:
        """Decompress frame `t`, (H, W)."""
        return unpack(self._packed[t], self.shape[1:], self.label_type)

    def __iter__(self) -> Iterator[Labels]:
        return map(self.frame, range(len(self)))

    def __getitem__(self, key: Any) -> Labels:
        """Index as a NumPy array; only selected frames are decompressed."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, int | np.integer):
            return np.asarray(self.frame(range(len(self))[int(first)])[tuple(rest)])
        if isinstance(first, slice):
            selected = range(*first.indices(len(self)))
            labels = np.empty((len(selected), *self.shape[1:]), self.dtype)
            for k, t in enumerate(selected):
                labels[k] = self.frame(t)
            return labels[(slice(None), *rest)]
        return np.asarray(np.asarray(self)[key])

    def __repr__(self) -> str:
        t, h, w = self.shape
        return f"<{t} frames of {h} x {w} labels, compressed>"

    def astype(self, dtype: Any) -> NDArray[Any]:
        """Decompress all frames, (T, H, W), and convert them."""
        return np.asarray(self).astype(dtype, copy=False)

    def copy(self) -> Labels:
        """Decompress all frames, (T, H, W)."""
        return np.asarray(self)

    def __copy__(self) -> Labels:
        return self.copy()

    def __deepcopy__(self, _memo: dict[int, Any]) -> Labels:
        return self.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Labels:
        if copy is False:
            raise ValueError("compressed labels must be copied to become an array")
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getattr__(self, name: str) -> Any:
        """Decompress all frames for attributes of arrays such as ``max()``."""
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(np.asarray(self), name)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        arrays = [np.asarray(x) if isinstance(x, LabelFrames) else x for x in inputs]
        return getattr(ufunc, method)(*arrays, **options)


class EditableLabelFrames(LabelFrames):
    """Label images whose edited frames are kept uncompressed beside the others.

    See :class:`LabelFrames` for the parameters.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        packed: Iterable[bytes],
        dtype: LabelType = np.uint8,
    ) -> None:
        super().__init__(shape, packed, dtype)
        self._edited: dict[int, Labels] = {}
        self._replaced: dict[int, bytes] = {}

    def replace_frame(self, t: int, packed: bytes) -> None:
        """Replace frame `t` by labels compressed by :func:`pack`, in place."""
        self._replaced[t] = packed
        self._edited.pop(t, None)

    def snapshot(self) -> LabelFrames:
        """Return a read-only copy, which later edits do not change."""
        packed = [self._replaced.get(t, old) for t, old in enumerate(self._packed)]
        for t, labels in self._edited.items():
            packed[t] = pack(labels)
        return LabelFrames(self.shape, packed, self.label_type)

    def frame(self, t: int) -> Labels:
        """Return frame `t`, (H, W), as a writable array."""
        if t in self._edited:
            return self._edited[t]
        if t in self._replaced:
            return unpack(self._replaced[t], self.shape[1:], self.dtype.type).copy()
        return super().frame(t).copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        """Assign as to a NumPy array; the first index must be basic or an array."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, int | np.integer):
            t = range(len(self))[int(first)]
            first = slice(t, t + 1)
        if isinstance(first, slice):
            frames = range(*first.indices(len(self)))
            labels = self[first]
            labels[(slice(None), *rest)] = value
            self._edited |= dict(zip(frames, labels, strict=True))
            return
        times, *indices = np.broadcast_arrays(first, *rest)
        values = np.broadcast_to(value, times.shape)
        times = np.where(times < 0, times + len(self), times)
        for t in np.unique(times):
            on_frame = times == t
            labels = self.frame(int(t))
            selected = tuple(index[on_frame] for index in indices)
            labels[selected] = values[on_frame]
            self._edited[int(t)] = labels


@dataclass(frozen=True, eq=False)
class SelectedFrames:
    """A range of the frames of (T, H, W) labels, read on access.

    Parameters
    ----------
    labels : (T, H, W) array-like of integer
    indices : range
    """

    labels: Any
    indices: range

    @classmethod
    def of(cls, labels: Any, frames: range | None = None) -> SelectedFrames:
        """Select some frames, or all.

        Raises
        ------
        SettingsError
            If there are no such frames.
        """
        count = len(labels)
        frames = range(count) if frames is None else frames
        if not frames or frames[0] < 0 or frames[-1] >= count:
            raise SettingsError(
                f"Expected a range within the frames 0 to {count - 1}; got {frames}. "
                "Change the first or the last frame."
            )
        return cls(labels, frames)

    @property
    def shape(self) -> tuple[int, ...]:
        """T, H, W."""
        return (len(self.indices), *self.labels.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        dtype: np.dtype[Any] = np.dtype(self.labels.dtype)
        return dtype

    @property
    def size(self) -> int:
        """Number of pixels of all frames."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, t: int) -> NDArray[Any]:
        return np.asarray(self.labels[self.indices[t]])

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (np.asarray(self.labels[t]) for t in self.indices)


def pack(labels: Labels) -> bytes:
    """Compress the (H, W) labels of a frame, uint8 or uint16."""
    return zlib.compress(np.ascontiguousarray(labels).view(np.uint8).data, level=1)


def unpack(
    packed: bytes,
    shape: tuple[int, ...],
    dtype: LabelType = np.uint8,
) -> Labels:
    """Decompress the (H, W) labels of a frame.

    Parameters
    ----------
    packed : bytes
        From :func:`pack`.
    shape : (int, int)
        H, W. No more than the bytes of H x W labels are allocated.
    dtype : type
        Type of the labels. Labels that were compressed in 8 bits are converted.

    Raises
    ------
    ValueError
        If the labels have another size.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    stream = zlib.decompressobj()
    content = stream.decompress(packed, size + 1)
    if len(content) == int(np.prod(shape)):
        return np.frombuffer(content, np.uint8).reshape(shape).astype(dtype, copy=False)
    if len(content) != size:
        raise ValueError(f"expected {size} bytes, got {len(content)} or more")
    stored: np.dtype[np.uint8 | np.uint16] = np.dtype(dtype)
    return np.frombuffer(content, stored).reshape(shape)
