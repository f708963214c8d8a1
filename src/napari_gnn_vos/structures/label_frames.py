"""Label images of a video, compressed frame by frame in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray


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
    """

    dtype = np.dtype(np.uint8)
    ndim = 3

    def __init__(self, shape: tuple[int, int, int], packed: Iterable[bytes]) -> None:
        self.shape = shape
        self._packed = tuple(packed)
        if len(self._packed) != shape[0]:
            raise ValueError(f"expected {shape[0]} frames, got {len(self._packed)}")

    @classmethod
    def of(cls, labels: NDArray[np.uint8]) -> LabelFrames:
        """Compress a (T, H, W) array."""
        t, h, w = labels.shape
        return cls((t, h, w), map(pack, labels))

    @classmethod
    def blank(cls, shape: tuple[int, int, int]) -> LabelFrames:
        """Return frames that are background everywhere."""
        return cls(shape, [pack(np.zeros(shape[1:], np.uint8))] * shape[0])

    def exchange(self, t: int, labels: NDArray[np.uint8]) -> LabelFrames:
        """Return a copy with the (H, W) labels of frame `t` replaced."""
        packed = [*self._packed]
        packed[t] = pack(labels)
        return LabelFrames(self.shape, packed)

    def editable(self) -> EditableLabelFrames:
        """Return a copy that can be written to; frames are shared until then."""
        return EditableLabelFrames(self.shape, self._packed)

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

    def frame(self, t: int) -> NDArray[np.uint8]:
        """Decompress frame `t`, (H, W)."""
        return unpack(self._packed[t], self.shape[1:])

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return map(self.frame, range(len(self)))

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        """Index as a NumPy array; only selected frames are decompressed."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, int | np.integer):
            return np.asarray(self.frame(range(len(self))[int(first)])[tuple(rest)])
        if isinstance(first, slice):
            selected = range(*first.indices(len(self)))
            labels = np.empty((len(selected), *self.shape[1:]), np.uint8)
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

    def copy(self) -> NDArray[np.uint8]:
        """Decompress all frames, (T, H, W)."""
        return np.asarray(self)

    def __copy__(self) -> NDArray[np.uint8]:
        return self.copy()

    def __deepcopy__(self, _memo: dict[int, Any]) -> NDArray[np.uint8]:
        return self.copy()

    def __array__(
        self, dtype: Any = None, copy: bool | None = None
    ) -> NDArray[np.uint8]:
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

    def __init__(self, shape: tuple[int, int, int], packed: Iterable[bytes]) -> None:
        super().__init__(shape, packed)
        self._edited: dict[int, NDArray[np.uint8]] = {}
        self._replaced: dict[int, bytes] = {}

    def replace_frame(self, t: int, packed: bytes) -> None:
        """Replace frame `t` by labels compressed by :func:`pack`, in place."""
        self._replaced[t] = packed
        self._edited.pop(t, None)

    def frame(self, t: int) -> NDArray[np.uint8]:
        """Return frame `t`, (H, W), as a writable array."""
        if t in self._edited:
            return self._edited[t]
        if t in self._replaced:
            return unpack(self._replaced[t], self.shape[1:]).copy()
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
            here = times == t
            labels = self.frame(int(t))
            labels[tuple(index[here] for index in indices)] = values[here]
            self._edited[int(t)] = labels


def pack(labels: NDArray[np.uint8]) -> bytes:
    """Compress the (H, W) labels of a frame."""
    return zlib.compress(np.ascontiguousarray(labels, np.uint8).data, level=1)


def unpack(packed: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Decompress the (H, W) labels of a frame.

    Parameters
    ----------
    packed : bytes
        From :func:`pack`.
    shape : (int, int)
        H, W. No more than H x W bytes are allocated.

    Raises
    ------
    ValueError
        If the labels have another size.
    """
    size = int(np.prod(shape))
    stream = zlib.decompressobj()
    pixels = stream.decompress(packed, size + 1)
    if len(pixels) != size:
        raise ValueError(f"expected {size} pixels, got {len(pixels)} or more")
    return np.frombuffer(pixels, np.uint8).reshape(shape)
