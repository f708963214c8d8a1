"""Read masks and polygons of CVAT XML for images and for videos."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.run_lengths import mask_from_run_lengths
from napari_gnn_vos.io.formats.video_labels import (
    MAX_LABEL,
    Colour,
    LazyLabels,
    VideoLabels,
    colour_from_hex,
)
from napari_gnn_vos.structures.label_frames import label_dtype

MAX_SIDE = 65535
MAX_FRAMES = 1_000_000
Attributes = dict[str, str]
Key = tuple[str, int | str]
"""Identity of an object: ``group``, ``track`` or ``class``, and its number or name."""
OTHER_SHAPES = ("box", "polyline", "points", "cuboid", "ellipse", "skeleton")


@dataclass
class _Shape:
    """A mask or polygon of an object, not yet decoded."""

    key: Key
    attributes: Attributes


@dataclass
class _Document:
    """Content of a file, built while it is parsed."""

    size: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Frames, height and width."""
    frame_names: list[str] = field(default_factory=list)
    video_name: str | None = None
    colour_by_name: dict[str, Colour] = field(default_factory=dict)
    colours: dict[Key, Colour] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    groups: dict[Key, int] = field(default_factory=dict)
    """Groups of tracks."""
    shapes: dict[int, list[_Shape]] = field(default_factory=dict)
    others: int = 0
    """Number of shapes that are neither masks nor polygons."""


class _Parser:
    """Streaming parser; document types, which may define entities, are refused."""

    def __init__(self) -> None:
        self.document = _Document()
        self._path: list[str] = []
        self._text: list[str] = []
        self._label_name = ""
        self._track: Attributes | None = None
        self._frame = 0

    def parse(self, path: Path) -> _Document:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = _refuse_document_type
        with path.open("rb") as file:
            parser.ParseFile(file)
        return self.document

    def _start(self, tag: str, attributes: Attributes) -> None:
        self._path.append(tag)
        self._text.clear()
        document = self.document
        if tag == "image":
            self._frame = int(attributes["id"])
            size = int(attributes["height"]), int(attributes["width"])
            if document.frame_names and [*size] != document.size[1:]:
                raise ValueError(f"image {self._frame} has another size, {size}")
            document.size[1:] = size
            document.size[0] = max(document.size[0], self._frame + 1)
            document.frame_names.append(Path(attributes.get("name", "")).name)
        elif tag == "track":
            self._track = attributes
        elif tag in ("mask", "polygon") and attributes.get("outside") != "1":
            self._add_shape(attributes)
        elif tag in OTHER_SHAPES:
            document.others += 1

    def _end(self, tag: str) -> None:
        text, parent = "".join(self._text).strip(), [*self._path[-2:-1]]
        self._path.pop()
        document = self.document
        if tag == "track":
            self._track = None
        elif tag in ("width", "height") and parent == ["original_size"]:
            document.size[1 if tag == "height" else 2] = int(text)
        elif tag == "size" and parent == ["task"]:
            document.size[0] = max(document.size[0], int(text))
        elif tag == "name":
            if parent == ["label"]:
                self._label_name = text
            elif parent == ["task"]:
                document.video_name = text
        elif tag == "color" and (colour := colour_from_hex(text)):
            document.colour_by_name[self._label_name] = colour

    def _add_shape(self, attributes: Attributes) -> None:
        owner = attributes if self._track is None else self._track
        frame = self._frame if self._track is None else int(attributes["frame"])
        if not 0 <= frame < MAX_FRAMES:
            raise ValueError(f"the frame {frame} is out of range")
        key = self._key_of(owner)
        self.document.names[key] = owner.get("label", "")
        if colour := colour_from_hex(owner.get("color", "")):
            self.document.colours[key] = colour
        self.document.shapes.setdefault(frame, []).append(_Shape(key, attributes))

    def _key_of(self, owner: Attributes) -> Key:
        if self._track is not None:
            key = "track", int(owner["id"])
            if "group_id" in owner:
                self.document.groups[key] = int(owner["group_id"])
            return key
        if "group_id" in owner:
            return "group", int(owner["group_id"])
        return "class", owner.get("label", "")


def _assign_labels(document: _Document) -> dict[Key, int]:
    """Return the label of each object; groups of several tracks do not identify them.

    Raises
    ------
    ValueError
        If a label is out of range.
    """
    labels: dict[Key, int] = {}
    tracks = [key for key in document.names if key[0] == "track"]
    groups = [document.groups[key] for key in tracks if key in document.groups]
    is_identified = len({*groups}) == len(tracks)
    for key in tracks:
        labels[key] = document.groups[key] if is_identified else int(key[1]) + 1
    labels |= {key: int(key[1]) for key in document.names if key[0] == "group"}
    for key in document.names:
        if key[0] == "class":
            labels[key] = max(labels.values(), default=0) + 1
    for label in labels.values():
        if not 0 < label <= MAX_LABEL:
            raise ValueError(f"the object {label} is out of range")
    return labels


def read(path: Path) -> VideoLabels:
    """Read a file of one task; masks and polygons are drawn on access.

    The label of an object is its ``group_id``; without it, or if tracks share it, the
    number of its track from 1, or in the format for images a number for each class.
    Shapes of a higher ``z_order``, or later ones, cover others.

    Raises
    ------
    ReadError
        If the file does not have this format, its images differ in size, or it has
        only shapes without area, such as boxes.
    """
    try:
        document = _Parser().parse(path)
        _check_size(*document.size)
        _check_shapes(document)
        labels = _assign_labels(document)
    except (OSError, ValueError, LookupError, expat.ExpatError) as error:
        raise ReadError(
            f"Expected CVAT XML for images or videos; {path} differs: {error}. Export "
            "the task again."
        ) from error
    names, by_name = document.names, document.colour_by_name
    colours = {k: by_name[name] for k, name in names.items() if name in by_name}
    colours |= document.colours
    complete = len(document.frame_names) == document.size[0]
    return VideoLabels(
        _ShapeFrames(document, labels, path),
        {labels[key]: name for key, name in names.items()},
        {labels[key]: colour for key, colour in colours.items()},
        frame_names=document.frame_names if complete else None,
        video_name=document.video_name,
    )


def _check_size(count: int, height: int, width: int) -> None:
    if not (0 < count <= MAX_FRAMES and min(height, width) > 0):
        raise ValueError(f"it has {count} frames of {height} x {width} pixels")
    if max(height, width) > MAX_SIDE:
        raise ValueError(f"its frames of {height} x {width} pixels are too large")


def _check_shapes(document: _Document) -> None:
    if document.others and not document.shapes:
        raise ValueError("it has no masks and polygons, but other shapes")


class _ShapeFrames(LazyLabels):
    """Label images that are drawn from masks and polygons."""

    def __init__(self, document: _Document, labels: dict[Key, int], path: Path) -> None:
        self._shapes, self._labels = document.shapes, labels
        self._path_of_file = path
        dtype = label_dtype(max(labels.values(), default=0))
        super().__init__(tuple(document.size), dtype)

    def _read(self, t: int) -> NDArray[Any]:
        labels = np.zeros(self.shape[1:], self.dtype)
        for shape in sorted(self._shapes.get(t, ()), key=_height):
            try:
                _draw(labels, shape.attributes, self._labels[shape.key])
            except (ReadError, ValueError, KeyError) as error:
                raise ReadError(
                    f"A shape in frame {t} of {self._path_of_file} is damaged: {error}."
                    " Export the task again."
                ) from error
        return labels


def _height(shape: _Shape) -> int:
    """Return the position of a shape above others."""
    text = shape.attributes.get("z_order", "")
    return int(text) if text.lstrip("-").isdecimal() else 0


def _draw(labels: NDArray[Any], attributes: Attributes, label: int) -> None:
    if "rle" not in attributes:
        _draw_polygon(labels, attributes["points"], label)
        return
    names = ("top", "left", "height", "width")
    top, left, height, width = (int(attributes[name]) for name in names)
    frame_height, frame_width = labels.shape
    if min(top, left, height - 1, width - 1) < 0 or (
        top + height > frame_height or left + width > frame_width
    ):
        raise ValueError("its box is outside the frame")
    counts = [int(text) for text in attributes["rle"].split(",")]
    mask = mask_from_run_lengths(counts, height * width).reshape(height, width)
    labels[top : top + height, left : left + width][mask] = label


def _draw_polygon(labels: NDArray[Any], points: str, label: int) -> None:
    from skimage.draw import polygon

    corners = [[float(x) for x in corner.split(",")] for corner in points.split(";")]
    cols, rows = np.array(corners).T
    labels[polygon(rows, cols, labels.shape)] = label


def _refuse_document_type(*_declaration: object) -> None:
    raise ValueError("it has a document type declaration")
