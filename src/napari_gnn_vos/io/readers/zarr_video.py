"""Read videos from zarr arrays, and from the images of OME-Zarr (OME-NGFF)."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, missing_package
from napari_gnn_vos.io.readers.array_files import is_colour_image
from napari_gnn_vos.io.readers.blosc_chunks import BloscChunks
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.readers.named_axes import MAX_CHANNELS, video_axes

METADATA_FILES = ("zarr.json", ".zarray", ".zgroup")
"""Files that mark a folder as a zarr array or group, of format 3 and 2."""
ZIP_SUFFIXES = (".zarr.zip", ".ozx")
"""Suffixes of zip files with a zarr array or group."""
AXES_OF_OLD_FORMATS = ("t", "c", "z", "y", "x")
"""Axes of multiscale images before OME-NGFF 0.3, which does not name them."""


class _Image(NamedTuple):
    """An array, and the names of its axes if its metadata have them."""

    array: Any
    axes: tuple[str, ...] | None = None


def is_zarr(path: Path) -> bool:
    """Return whether a path is a zarr array or group, in a folder or a zip file."""
    if path.name.lower().endswith(ZIP_SUFFIXES):
        return True
    return path.suffix.lower() == ".zarr" or any(
        (path / name).is_file() for name in METADATA_FILES
    )


class ZarrFrames(LazyFrames):
    """Frames of a zarr array, channels last; chunks are read on access.

    Parameters
    ----------
    path : Path
        An array (T, H, W) or (T, H, W, C), or a single image; an OME-Zarr image, of
        which the full resolution is read; an array inside such an image; or a group
        with one array or image. Axes of length 1 are dropped from the axes that
        OME-Zarr names.

    Attributes
    ----------
    notes : list of str
        Number of chunks that are not stored.

    Raises
    ------
    ReadError
        If zarr is not installed, the path is not a zarr array, a group has several
        images, or an image has more axes than time, rows, columns and channels.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            image = _open(path)
            self._array = image.array
            shape = tuple(map(int, image.array.shape))
            self._dropped, self._axes = _assign_axes(image.axes, shape)
        except ReadError as error:
            raise ReadError(f"{path}: {error}") from None
        named = len(self._dropped) + len(self._axes) == len(shape)
        if not (named and set("YX") <= set(self._axes) <= set("TYXC")):
            raise ReadError(_not_a_video(path, f"it has the shape {shape}"))
        kept = [n for i, n in enumerate(shape) if i not in self._dropped]
        size = {"T": 1} | dict(zip(self._axes, kept, strict=True))
        ordered = tuple(size[axis] for axis in "TYXC" if axis in size)
        super().__init__(ordered, _native(image.array.dtype))
        self.notes = _missing_chunks(image.array)
        self._chunks = BloscChunks(image.array)

    def _read(self, t: int) -> NDArray[Any]:
        index: list[Any] = []
        remaining = iter(self._axes)
        for axis in range(len(self._array.shape)):
            name = "" if axis in self._dropped else next(remaining)
            index.append(0 if not name else t if name == "T" else slice(None))
        try:
            self._chunks.check(index)
            block = np.asarray(self._array[tuple(index)])
        except Exception as error:  # stores and codecs raise many types
            raise ReadError(
                f"Frame {t} of {self.path} cannot be read: {type(error).__name__}: "
                f"{error}. Copy the files again from their source."
            ) from error
        axes = self._axes.replace("T", "")
        order = [axes.index(axis) for axis in "YXC" if axis in axes]
        return np.array(block.transpose(order), self.dtype, order="C")


def _missing_chunks(array: Any) -> list[str]:
    """Return a note on the chunks of an array that are not stored, if there are any."""
    try:
        count, stored = int(array.nchunks), int(array.nchunks_initialized)
    except Exception:  # noqa: BLE001 - stores raise many types, some cannot count
        return []
    if stored >= count:
        return []
    note = (
        f"{count - stored} of {count} chunks are not stored; their pixels have the "
        f"fill value {array.fill_value}. They are empty, or were not copied."
    )
    return [note]


def _native(dtype: Any) -> np.dtype[Any]:
    try:
        native: np.dtype[Any] = np.dtype(dtype).newbyteorder("=")
    except TypeError as error:  # a data type of zarr without counterpart in NumPy
        raise ReadError(f"the pixel type {dtype} is not supported") from error
    return native


def _open(path: Path) -> _Image:
    try:
        import zarr
    except ImportError as error:
        raise ReadError(missing_package("Reading zarr", "zarr")) from error
    try:
        node: Any = open_zip(path) if path.is_file() else zarr.open(str(path), mode="r")
        if hasattr(node, "dtype"):
            return _Image(node, _axes_by_parent(path) or _dimension_names(node))
        return _image_of_group(node)
    except ReadError:
        raise
    except Exception as error:
        raise ReadError(_not_a_video(path, error)) from error


def open_zip(path: Path) -> Any:
    """Open the zarr array or group in a zip file, at its top or in a folder.

    Raises
    ------
    ReadError
        If there is none.
    """
    import zarr

    with ZipFile(path) as archive:
        names = [PurePosixPath(name) for name in archive.namelist()]
    folders = [name.parent for name in names if name.name in METADATA_FILES]
    if not folders:
        raise ReadError(_not_a_video(path, "the zip file has no zarr array"))
    top = min(folders, key=lambda folder: (len(folder.parts), folder))
    stores = getattr(zarr, "storage", zarr)
    store = stores.ZipStore(str(path), mode="r")
    return zarr.open(store, mode="r", path=str(top) if top.parts else "")


def _image_of_group(group: Any) -> _Image:
    """Find the image of a group: its full resolution, or its only array or image."""
    _require_one_field(group)
    multiscales = _multiscales(group.attrs)
    if len(multiscales) == 1:
        arrays = [group[str(each["path"])] for each in multiscales[0]["datasets"]]
        full = max(arrays, key=lambda array: prod(array.shape))
        return _Image(full, _axis_names(multiscales[0]))
    names = sorted(name for name in group if name not in ("labels", "OME"))
    if len(multiscales) > 1 or len(names) != 1:
        raise ReadError(
            "Expected one image in the zarr group; it has "
            f"{max(len(multiscales), len(names))}: {', '.join(names[:8])}. Open one of "
            "them by its path inside the group."
        )
    node = group[names[0]]
    if hasattr(node, "dtype"):
        return _Image(node, _dimension_names(node))
    return _image_of_group(node)


def _require_one_field(group: Any) -> None:
    """Refuse plates of several wells, and wells of several fields, with advice."""
    metadata = dict(group.attrs)
    metadata = metadata.get("ome", metadata)
    for kind, members in (("plate", "wells"), ("well", "images")):
        entries = metadata.get(kind, {}).get(members, [])
        paths = [str(entry.get("path", "")) for entry in entries]
        if len(paths) > 1:
            first = f"{paths[0]}/0" if kind == "plate" else paths[0]
            field = f"{group.path}/{first}".strip("/")
            raise ReadError(
                f"Expected one image; it is a {kind} of {len(paths)} {members}: "
                f"{', '.join(paths[:8])}. Open one field, such as {field} inside it."
            )


def _axes_by_parent(path: Path) -> tuple[str, ...] | None:
    """Return the axes of an array that is a resolution of an OME-Zarr image."""
    import zarr

    path = path.resolve()
    for parent in path.parents[:3]:
        if any((parent / name).is_file() for name in METADATA_FILES):
            for multiscale in _multiscales(zarr.open(str(parent), mode="r").attrs):
                paths = [str(dataset["path"]) for dataset in multiscale["datasets"]]
                if path.relative_to(parent).as_posix() in paths:
                    return _axis_names(multiscale)
    return None


def _dimension_names(array: Any) -> tuple[str, ...] | None:
    """Return the axis names of zarr 3 or xarray, if rows and columns are y and x."""
    metadata = getattr(array, "metadata", None)  # not in version 2 of the package
    names = getattr(metadata, "dimension_names", None)
    names = names or array.attrs.get("_ARRAY_DIMENSIONS") or ()
    return tuple(map(str, names)) if {"y", "x"} <= set(names) else None


def _multiscales(attributes: Any) -> list[Mapping[str, Any]]:
    """Return the multiscale images of a group, of OME-NGFF 0.5 or earlier."""
    metadata = dict(attributes)
    return list(metadata.get("ome", metadata).get("multiscales", []))


def _axis_names(multiscale: Mapping[str, Any]) -> tuple[str, ...]:
    axes = multiscale.get("axes", AXES_OF_OLD_FORMATS)
    names = [_axis_name(a) if isinstance(a, Mapping) else str(a) for a in axes]
    types = [a.get("type") if isinstance(a, Mapping) else None for a in axes]
    spatial = [i for i, kind in enumerate(types) if kind == "space"]
    if len(spatial) in (2, 3) and not {names[i] for i in spatial} <= {"z", "y", "x"}:
        for i, name in zip(reversed(spatial), "xyz", strict=False):
            names[i] = name
    return tuple(names)


def _axis_name(axis: Mapping[str, Any]) -> str:
    """Return the name of an axis, or its type if that is time or channel."""
    kind = str(axis.get("type", ""))
    return kind if kind in ("time", "channel") else str(axis["name"])


def _assign_axes(
    names: tuple[str, ...] | None, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], str]:
    """Drop axes of length 1, and map the others to T, C, Y and X.

    Without names, no axis is dropped. An image without time has no axis T.
    """
    if names is None or len(names) != len(shape):
        if len(shape) == 2 or is_colour_image(shape):
            return (), "YXC"[: len(shape)]
        return (), "TYXC"[: len(shape)]
    letters = [name[:1].upper() or "Q" for name in names]
    dropped = tuple(
        i for i, n in enumerate(shape) if n == 1 and letters[i] not in ("Y", "X")
    )
    kept = [i for i in range(len(shape)) if i not in dropped]
    axes = "".join(letters[i] for i in kept)
    lengths = tuple(shape[i] for i in kept)
    few = "C" in axes and lengths[axes.index("C")] <= MAX_CHANNELS
    return dropped, video_axes(axes, lengths, frame_per_file=few)


def _not_a_video(path: Path, reason: object) -> str:
    return (
        f"Expected a zarr array (time, rows, columns, channels) in {path}: {reason}. "
        "Give the path of an OME-Zarr image, or of an array with these axes."
    )
