"""Read masks and polygons of CVAT XML for images and for videos."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats import cvat_shapes
from napari_gnn_vos.io.formats.cvat_shapes import COARSE, Attributes, drawing_order
from napari_gnn_vos.io.formats.cvat_tracks import TaskFrames, Track, is_outside
from napari_gnn_vos.io.formats.lazy_labels import LazyLabels
from napari_gnn_vos.io.formats.video_labels import (
    MAX_LABEL,
    Colour,
    VideoLabels,
    colour_from_hex,
)
from napari_gnn_vos.io.natural_order import frame_order
from napari_gnn_vos.structures.label_frames import label_dtype

log = logging.getLogger(__name__)
MAX_SIDE, MAX_FRAMES = 65535, 1_000_000
Key = tuple[str, int | str]
"""Identity of an object: ``group``, ``track`` or ``class``, and its number or name."""
OTHER_SHAPES = ("polyline", "points", "cuboid", "skeleton")


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
    image_names: dict[int, str] = field(default_factory=dict)
    """File name of each frame, with folders."""
    video_name: str | None = None
    colour_by_name: dict[str, Colour] = field(default_factory=dict)
    colours: dict[Key, Colour] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    groups: dict[Key, int] = field(default_factory=dict)
    """Groups of tracks."""
    shapes: dict[int, list[_Shape]] = field(default_factory=dict)
    """Shapes of images by frame."""
    tracks: dict[Key, Track] = field(default_factory=dict)
    frames: TaskFrames = field(default_factory=TaskFrames)
    others: int = 0
    """Number of shapes without area."""


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
            if document.image_names and [*size] != document.size[1:]:
                raise ValueError(f"image {self._frame} has another size, {size}")
            document.size[1:] = size
            document.size[0] = max(document.size[0], self._frame + 1)
            document.image_names[self._frame] = attributes.get("name", "")
        elif tag == "track":
            self._track = attributes
        elif tag in ("mask", "polygon", *COARSE):
            self._add_shape(cvat_shapes.with_outline(tag, attributes))
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
        elif parent in (["task"], ["job"]) and text:
            self._read_task(tag, text)
        elif tag == "name" and parent == ["label"]:
            self._label_name = text
        elif tag == "color" and (colour := colour_from_hex(text)):
            document.colour_by_name[self._label_name] = colour

    def _read_task(self, tag: str, text: str) -> None:
        """Read an element of the task, or of the job, that was exported."""
        document, frames = self.document, self.document.frames
        if tag in ("size", "stop_frame"):
            count = int(text) + (tag == "stop_frame")
            document.size[0] = max(document.size[0], count)
        if tag == "stop_frame":
            frames.stop = int(text)
        elif tag == "start_frame":
            frames.start = int(text)
        elif tag == "frame_filter" and text.startswith("step="):
            frames.step = max(int(text.removeprefix("step=")), 1)
        elif tag == "name":
            document.video_name = text

    def _add_shape(self, attributes: Attributes) -> None:
        owner = attributes if self._track is None else self._track
        frame = self._frame if self._track is None else int(attributes["frame"])
        if not 0 <= frame < MAX_FRAMES:
            raise ValueError(f"the frame {frame} is out of range")
        key = self._key_of(owner)
        if self._track is not None:
            self.document.tracks.setdefault(key, Track()).add(frame, attributes)
        if is_outside(attributes):
            return
        self.document.size[0] = max(self.document.size[0], frame + 1)
        self.document.names[key] = owner.get("label", "")
        if colour := colour_from_hex(owner.get("color", "")):
            self.document.colours[key] = colour
        if self._track is None:
            self.document.shapes.setdefault(frame, []).append(_Shape(key, attributes))

    def _key_of(self, owner: Attributes) -> Key:
        group = int(owner.get("group_id", 0))  # 0 is no group
        if self._track is not None:
            key = "track", int(owner["id"])
            if group:
                self.document.groups[key] = group
            return key
        if group:
            return "group", group
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
    Polygons of tracks are interpolated between keyframes. Shapes of a higher
    ``z_order``, or later ones, cover others; boxes are filled, below other shapes of
    the same order. Frames of videos are numbered as in the
    video, also if the task has a part of it or every n-th frame; images are in the
    natural order of their names.

    Raises
    ------
    ReadError
        If the file does not have this format, its images differ in size, or it has
        only shapes without area, such as points.
    """
    try:
        document = _Parser().parse(path)
        _check_size(*document.size)
        labels = _assign_labels(document)
        _check_shapes(document)
        names = _sort_images(document)
    except (OSError, ValueError, LookupError, expat.ExpatError) as error:
        raise ReadError(
            f"Expected CVAT XML for images or videos; {path} differs: {error}. Export "
            "the task again."
        ) from error
    classes, by_name = document.names, document.colour_by_name
    colours = {k: by_name[name] for k, name in classes.items() if name in by_name}
    colours |= document.colours
    return VideoLabels(
        _ShapeFrames(document, labels),
        {labels[key]: name for key, name in classes.items()},
        {labels[key]: colour for key, colour in colours.items()},
        frame_names=names,
        video_name=document.video_name,
    )


def _check_size(count: int, height: int, width: int) -> None:
    if not (0 < count <= MAX_FRAMES and min(height, width) > 0):
        raise ValueError(f"it has {count} frames of {height} x {width} pixels")
    if max(height, width) > MAX_SIDE:
        raise ValueError(f"its frames of {height} x {width} pixels are too large")


def _check_shapes(document: _Document) -> None:
    if document.others and not document.names:
        raise ValueError("it has no masks, polygons and boxes, but other shapes")
    filled = 0
    for frame, attributes in _all_shapes(document):
        filled += "shape" in attributes
        try:
            cvat_shapes.check_shape(attributes, *document.size[1:])
        except (ReadError, ValueError, LookupError) as error:
            raise ValueError(f"a shape in frame {frame}: {error}") from error
    if document.others:
        log.warning("%d shapes without area are left out", document.others)
    if filled:
        log.warning("%d boxes and ellipses are filled", filled)


def _all_shapes(document: _Document) -> Iterator[tuple[int, Attributes]]:
    """Yield the frame and the attributes of all shapes that may be drawn."""
    for frame, shapes in document.shapes.items():
        yield from ((frame, shape.attributes) for shape in shapes)
    for track in document.tracks.values():
        for frame, each in track.shapes.items():
            drawn = (s for s in each if "points" in s or not is_outside(s))
            yield from ((frame, shape) for shape in drawn)


def _sort_images(document: _Document) -> list[str] | None:
    """Sort the frames by the names of their images; return them if all have one."""
    count = document.size[0]
    if len(document.image_names) != count:
        return None
    images = [document.image_names[frame] for frame in range(count)]
    order = frame_order(images)
    document.shapes = {
        t: document.shapes[frame]
        for t, frame in enumerate(order)
        if frame in document.shapes
    }
    return [Path(images[frame]).name for frame in order]


class _ShapeFrames(LazyLabels):
    """Label images that are drawn from masks and polygons."""

    def __init__(self, document: _Document, labels: dict[Key, int]) -> None:
        self._document, self._labels = document, labels
        dtype = label_dtype(max(labels.values(), default=0))
        super().__init__(tuple(document.size), dtype)

    def _read(self, t: int) -> NDArray[Any]:
        labels = np.zeros(self.shape[1:], self.dtype)
        shapes = list(self._document.shapes.get(t, ()))
        for key, track in self._document.tracks.items():
            if t in track.shapes or t in self._document.frames:
                shapes += [_Shape(key, attributes) for attributes in track.at(t)]
        for shape in sorted(shapes, key=lambda each: drawing_order(each.attributes)):
            cvat_shapes.draw_shape(labels, shape.attributes, self._labels[shape.key])
        return labels


def _refuse_document_type(*_declaration: object) -> None:
    raise ValueError("it has a document type declaration")
