"""TIFF stacks of labels with the axes of ImageJ or OME (time, rows, columns)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.formats.lazy_labels import ConvertedLabels, LabelsOfVideo
from napari_gnn_vos.io.formats.objects_file import objects_from_json, objects_to_json
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.tiff import BIG_TIFF_BYTES
from napari_gnn_vos.io.formats.tiff_labels import OME_UNITS, FrameAxes, frame_axes
from napari_gnn_vos.io.formats.video_labels import Colour, VideoLabels

Objects = tuple[dict[int, str], dict[int, Colour]]
MARKUP = re.compile(r"[&<>]")
"""Characters that some versions of tifffile do not escape in texts of OME-XML."""
NOT_IN_ATTRIBUTES = re.compile(r"[&<>\"\x00-\x1f]")
"""Characters that are replaced by "_" in the name of the image."""


def write_imagej(labels: VideoLabels, path: Path) -> int:
    """Write an ImageJ hyperstack; the lookup table has the colours of the objects.

    Names and colours are stored as JSON in ImageJ's *Image > Show Info*.

    Parameters
    ----------
    labels : VideoLabels
        `frames` has a length.
    path : Path
        An existing file is replaced after all frames were written.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ShapeError
        If the label images are invalid, have no length, or exceed 4 GB, the limit of
        ImageJ's format.
    """
    lookup_table = np.reshape(labels.palette(), (256, 3)).T.astype(np.uint8)
    metadata: dict[str, Any] = {
        "Info": objects_to_json(labels),
        "LUTs": [lookup_table],
    }
    placed = frame_axes(labels.placement)
    if placed.units[1] in OME_UNITS:
        symbol = OME_UNITS[placed.units[1]]
        metadata["unit"] = symbol.replace("µ", "u")  # as ImageJ writes it
    if placed.units[0] == "second":
        metadata["finterval"] = placed.scale[0]
    return _write(labels, path, metadata, imagej=True)


def write_ome(labels: VideoLabels, path: Path) -> int:
    """Write OME-TIFF; names and colours are stored as JSON in the description.

    Offsets have 64 bits (BigTIFF) only if 32 may not suffice. Parameters and errors are
    those of :func:`write_imagej`.
    """
    name = labels.video_name or path.name.split(".")[0]
    metadata = {
        "Name": NOT_IN_ATTRIBUTES.sub("_", name),
        "Description": MARKUP.sub(_json_escape, objects_to_json(labels)),
        **_ome_sizes(frame_axes(labels.placement)),
    }
    return _write(labels, path, metadata, imagej=False)


def _json_escape(character: re.Match[str]) -> str:
    """Return the escape sequence of a character of a JSON string."""
    return f"\\u{ord(character[0]):04x}"


def _ome_sizes(placed: FrameAxes) -> dict[str, Any]:
    """Return the attributes of OME-XML for pixels that are not 1 of an unknown unit."""
    names = "TimeIncrement", "PhysicalSizeY", "PhysicalSizeX"
    sizes: dict[str, Any] = {}
    for name, size, unit in zip(names, placed.scale, placed.units, strict=True):
        is_space = name != "TimeIncrement"
        if unit in OME_UNITS or (size != 1 and is_space):
            sizes |= {name: size, f"{name}Unit": OME_UNITS.get(unit, "pixel")}
    return sizes


def _write(
    labels: VideoLabels, path: Path, metadata: dict[str, Any], *, imagej: bool
) -> int:
    import tifffile

    try:
        count = len(labels.frames)  # type: ignore[arg-type]
    except TypeError as error:
        raise ShapeError(
            "Expected label images with a length; they are a generator. Pass an array, "
            "a list, or LabelFrames."
        ) from error
    masks = labels.masks()
    first = next(masks)
    big = count * first.nbytes >= BIG_TIFF_BYTES
    if big and imagej:
        raise ShapeError(
            "The format of ImageJ is limited to 4 GB. Select the format ome-tiff."
        )

    _, height, width = frame_axes(labels.placement).scale
    resolution = (1 / width, 1 / height) if imagej else None

    def all_masks() -> Iterator[NDArray[Any]]:
        yield first
        yield from masks

    def write(file: IO[bytes]) -> None:
        with tifffile.TiffWriter(
            file, bigtiff=big, imagej=imagej, ome=not imagej
        ) as writer:
            writer.write(
                all_masks(),
                shape=(count, *first.shape),
                dtype=first.dtype,
                photometric="minisblack",
                compression="zlib",
                metadata={"axes": "TYX", **metadata},
                resolution=resolution,
            )

    atomic_file(path, write)
    return count


def read(path: Path) -> VideoLabels:
    """Read a stack of label images; frames are read on access.

    Pixels may have any type, also floating point numbers, whose values are labels.

    Raises
    ------
    ReadError
        If the file is not a TIFF, or its pixels are not labels from 0 to `MAX_LABEL`.
    """
    import tifffile

    from napari_gnn_vos.io.readers.tiff import TiffFrames

    frames = TiffFrames(path, is_labels=True)
    if frames.ndim != 3 or frames.dtype.kind not in "uif":
        raise ReadError(
            f"Expected label images with one value per pixel; {path} has the shape "
            f"{frames.shape} and the type {frames.dtype}. Convert it to labels."
        )
    try:
        with tifffile.TiffFile(path) as file:
            names, colours = _stored_objects(file)
    except Exception as error:  # tifffile raises many types for damaged tags
        raise ReadError(
            f"The metadata of {path} cannot be read: {error}. Export it again."
        ) from error
    is_narrow = frames.dtype in (np.uint8, np.uint16)
    labels = LabelsOfVideo(frames) if is_narrow else ConvertedLabels(frames, path)
    return VideoLabels(labels, names, colours, video_name=path.stem)


def is_imagej(path: Path) -> bool:
    """Return whether a file is an ImageJ hyperstack."""
    return _has_property(path, lambda file: bool(file.is_imagej))


def is_ome(path: Path) -> bool:
    """Return whether a file is OME-TIFF."""
    return _has_property(path, lambda file: bool(file.is_ome))


def _has_property(path: Path, test: Callable[[Any], bool]) -> bool:
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            return test(file)
    except Exception:  # noqa: BLE001 - tifffile raises many types for damaged tags
        return False


def _stored_objects(file: Any) -> Objects:
    """Return names and colours, if the file was written by this module."""
    text = (file.imagej_metadata or {}).get("Info", "") if file.is_imagej else ""
    if file.is_ome:
        text = _first_description(file.ome_metadata)
    try:
        return objects_from_json(text)
    except ValueError:
        return {}, {}


def _first_description(xml: str) -> str:
    """Return the text of the first element ``Description`` of an OME-XML document."""
    texts: list[str] = []
    inside = False

    def start(tag: str, _attributes: object) -> None:
        nonlocal inside
        inside = tag.endswith("Description") and not texts

    def end(_tag: str) -> None:
        nonlocal inside
        inside = False

    def add(text: str) -> None:
        if inside:
            texts.append(text)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.buffer_text = add, True
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        return ""
    return "".join(texts)
