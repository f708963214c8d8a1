"""OME-Zarr (OME-NGFF) label images, versions 0.4 and 0.5.

The group contains ``labels/segmentation``, a multiscale image with one level and the
axes t, y, x. Names and colours are in its metadata ``image-label``.

References
----------
https://ngff.openmicroscopy.org
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, SettingsError, missing_package
from napari_gnn_vos.io.formats.lazy_labels import LazyLabels
from napari_gnn_vos.io.formats.output import atomic_folder
from napari_gnn_vos.io.formats.tiff_labels import OME_UNITS, frame_axes
from napari_gnn_vos.io.formats.video_labels import (
    Colour,
    VideoLabels,
)
from napari_gnn_vos.io.readers.blosc_chunks import BloscChunks
from napari_gnn_vos.io.readers.zarr_video import open_zip

IMAGE = "segmentation"
FIRST_LENGTH = 64
ZARR_FORMATS = {"0.4": 2, "0.5": 3}
METADATA_FILES = (".zgroup", ".zattrs", ".zarray", "zarr.json")
Json = dict[str, Any]


def write(labels: VideoLabels, path: Path, version: str = "0.4") -> int:
    """Write a group with one label image; a chunk is one frame.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        Folder that ends in ``.zarr``. An existing one is replaced after all frames were
        written.
    version : str
        ``"0.4"`` (zarr format 2) or ``"0.5"`` (zarr format 3).

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    SettingsError
        If zarr is not installed, or is too old for the version.
    ReadError
        If the folder cannot be written.
    ShapeError
        If the label images are invalid.
    """
    zarr = _import_zarr()
    count, array = 0, None
    entries: dict[str, Any] = {}
    with atomic_folder(path) as folder:
        root = _create_group(zarr, entries, version)
        group = root.create_group("labels")
        image = group.create_group(IMAGE)
        for t, mask in enumerate(labels.masks()):
            if array is None:
                array = _create_array(image, mask, version)
            if t >= array.shape[0]:
                array.resize((2 * t, *mask.shape))
            array[t] = mask
            _write_chunks(entries, folder)
            count = t + 1
        if array is not None:
            array.resize((count, *array.shape[1:]))
        _set_metadata(group, {"labels": [IMAGE]}, version)
        _set_metadata(image, _image_metadata(labels, version), version)
        for key, value in entries.items():
            _write_entry(folder / key, value)
    return count


write_version_5 = partial(write, version="0.5")


def _import_zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise SettingsError(missing_package("OME-Zarr", "zarr")) from error
    return zarr


def _create_group(zarr: Any, entries: dict[str, Any], version: str) -> Any:
    """Create a group in memory.

    Threads of zarr that write to a folder continue after an error in one of them, and
    create the folder again after it was removed. So this module writes the files.
    """
    if int(zarr.__version__.split(".")[0]) >= 3:
        store = zarr.storage.MemoryStore(entries)
        return zarr.open_group(store, mode="w", zarr_format=ZARR_FORMATS[version])
    if version != "0.4":
        raise SettingsError(
            f"OME-Zarr {version} needs zarr 3; {zarr.__version__} is installed. "
            "Install a newer zarr, or write version 0.4."
        )
    return zarr.open_group(entries, mode="w")


def _write_chunks(entries: dict[str, Any], folder: Path) -> None:
    """Write the chunks among the entries of a store to files, and remove them."""
    for key in [*entries]:
        if not key.endswith(METADATA_FILES):
            _write_entry(folder / key, entries.pop(key))


def _write_entry(file: Path, value: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # buffers of zarr 3; bytes or arrays of zarr 2
    file.write_bytes(value.to_bytes() if hasattr(value, "to_bytes") else bytes(value))


def _create_array(image: Any, mask: NDArray[Any], version: str) -> Any:
    options: Json = {
        "shape": (FIRST_LENGTH, *mask.shape),
        "chunks": (1, *mask.shape),
        "dtype": mask.dtype,
    }
    if not hasattr(image, "create_array"):  # zarr 2
        return image.create_dataset("0", dimension_separator="/", **options)
    if version == "0.4":
        options["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
    else:
        options["dimension_names"] = ("t", "y", "x")
    return image.create_array("0", **options)


def _set_metadata(group: Any, metadata: Json, version: str) -> None:
    if version == "0.4":
        group.attrs.update(metadata)
    else:
        group.attrs.update({"ome": {"version": version, **metadata}})


def _image_metadata(labels: VideoLabels, version: str) -> Json:
    placed = frame_axes(labels.placement)
    axes = [
        {"name": name, "type": "time" if name == "t" else "space"} for name in "tyx"
    ]
    for axis, unit in zip(axes, placed.units, strict=True):
        if unit in OME_UNITS:
            axis["unit"] = unit
    transformations: list[Json] = [{"type": "scale", "scale": [*placed.scale]}]
    if any(placed.translate):
        translation = [*placed.translate]
        transformations += [{"type": "translation", "translation": translation}]
    datasets = [{"path": "0", "coordinateTransformations": transformations}]
    multiscale: Json = {"name": IMAGE, "axes": axes, "datasets": datasets}
    image_label: Json = {}
    if labels.colours:
        image_label["colors"] = [
            {"label-value": label, "rgba": [*colour, 255]}
            for label, colour in labels.colours.items()
        ]
    if labels.names:
        image_label["properties"] = [
            {"label-value": label, "name": name} for label, name in labels.names.items()
        ]
    if version == "0.4":
        multiscale["version"] = image_label["version"] = version
    return {"multiscales": [multiscale], "image-label": image_label}


def read(path: Path) -> VideoLabels:
    """Read the only label image of a group, or a label image itself, on access.

    An array without metadata has labels, too.

    Raises
    ------
    SettingsError
        If zarr is not installed.
    ReadError
        If there is not exactly one label image with one axis besides rows and columns
        that is longer than 1.
    """
    zarr = _import_zarr()
    try:
        node = open_zip(path) if path.is_file() else zarr.open(str(path), mode="r")
        if hasattr(node, "dtype"):
            return VideoLabels(_ZarrLabels(node), video_name=path.stem)
        image = _label_image(node)
        metadata = _metadata(image)
        array = image[metadata["multiscales"][0]["datasets"][0]["path"]]
        names, colours = _objects(metadata.get("image-label", {}))
        frames = _ZarrLabels(array)
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from None
    except Exception as error:  # stores and codecs raise many types
        raise ReadError(
            f"Expected an OME-Zarr label image; {path} cannot be read: {error}. Choose "
            "a group with labels."
        ) from error
    return VideoLabels(frames, names, colours, video_name=path.stem)


def recognizes(path: Path) -> bool:
    """Return whether a folder has label images, perhaps beside an image."""
    has_labels = (path / "labels").is_dir() or path.parent.name == "labels"
    return has_labels or has_labels_only(path)


def has_labels_only(path: Path) -> bool:
    """Return whether a zarr group is a label image, or has labels without an image."""
    try:
        group = _import_zarr().open_group(str(path), mode="r")
        metadata, has_labels = _metadata(group), "labels" in group
    except Exception:  # noqa: BLE001 - no group: stores raise many types
        return False
    return "image-label" in metadata or (has_labels and "multiscales" not in metadata)


def _metadata(group: Any) -> Mapping[str, Any]:
    attributes = dict(group.attrs)
    metadata: Mapping[str, Any] = attributes.get("ome", attributes)
    return metadata


def _label_image(group: Any) -> Any:
    if "image-label" in _metadata(group):
        return group
    has_labels = "labels" in group  # groups of zarr 2 have no method `get`
    labels = group["labels"] if has_labels else group
    names = _metadata(labels).get("labels", [])
    if len(names) != 1:
        raise ReadError(
            f"Expected one label image; there are {len(names)}: {', '.join(names)}. "
            "Give the path of one of them."
        )
    return labels[names[0]]


def _objects(
    image_label: Mapping[str, Any],
) -> tuple[dict[int, str], dict[int, Colour]]:
    names = {
        int(item["label-value"]): str(item["name"])
        for item in image_label.get("properties") or ()
        if "name" in item
    }
    colours: dict[int, Colour] = {}
    for item in image_label.get("colors") or ():
        if not item.get("rgba"):  # optional
            continue
        red, green, blue = (int(value) for value in item["rgba"][:3])
        colours[int(item["label-value"])] = red, green, blue
    return names, colours


class _ZarrLabels(LazyLabels):
    """Label images of a zarr array; axes of length 1 before rows are dropped."""

    def __init__(self, array: Any) -> None:
        *leading, height, width = array.shape
        longer = [axis for axis, length in enumerate(leading) if length > 1]
        if len(longer) > 1:
            raise ReadError(
                f"Expected the axes time, rows and columns; there are {array.shape}. "
                "Extract one plane."
            )
        self._array, self._chunks = array, BloscChunks(array)
        self._time = longer[0] if longer else 0
        shape = (leading[self._time] if leading else 1, height, width)
        super().__init__(shape, array.dtype)

    def _read(self, t: int) -> NDArray[Any]:
        index: list[Any] = [0] * (len(self._array.shape) - 2)
        if index:
            index[self._time] = t
        try:
            self._chunks.check([*index, slice(None), slice(None)])
            return np.asarray(self._array[tuple(index)])
        except Exception as error:  # stores and codecs raise many types
            raise ReadError(
                f"Frame {t} of the OME-Zarr labels cannot be read: {error}. Check that "
                "the files of the group are complete."
            ) from error
