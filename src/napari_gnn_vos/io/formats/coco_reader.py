"""Read COCO JSON for videos or for images, with masks by object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Discriminator, Field, Tag, TypeAdapter

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.coco_images import (
    Image,
    ImageAnnotation,
    Shape,
    objects_of_images,
)
from napari_gnn_vos.io.formats.coco_masks import (
    Segmentation,
    check_segmentation,
    draw_segmentation,
)
from napari_gnn_vos.io.formats.lazy_labels import LazyLabels
from napari_gnn_vos.io.formats.video_labels import (
    DEFAULT_NAME,
    MAX_LABEL,
    Colour,
    VideoLabels,
    colour_from_hex,
)
from napari_gnn_vos.io.json_file import Side, first_character, read_json
from napari_gnn_vos.io.natural_order import frame_order
from napari_gnn_vos.structures.label_frames import label_dtype


class _Annotation(BaseModel):
    id: int
    category_id: int
    segmentations: list[Segmentation | None]
    color: Any = None


class _Category(BaseModel):
    id: int
    name: str
    color: Any = None


class _Video(BaseModel):
    length: Annotated[int, Field(ge=1, le=1_000_000)]
    height: Side
    width: Side
    file_names: list[str]


class _Document(BaseModel):
    videos: Annotated[list[_Video], Field(min_length=1)]
    categories: list[_Category]
    annotations: list[_Annotation] | None = None


class _ImageDocument(BaseModel):
    images: Annotated[list[Image], Field(min_length=1, max_length=1_000_000)]
    categories: list[_Category] = []
    annotations: list[ImageAnnotation] | None = None


def _kind(content: Any) -> str:
    is_images = isinstance(content, dict) and "videos" not in content
    return "images" if is_images and "images" in content else "videos"


_SCHEMA: TypeAdapter[_Document | _ImageDocument] = TypeAdapter(
    Annotated[
        Annotated[_Document, Tag("videos")] | Annotated[_ImageDocument, Tag("images")],
        Discriminator(_kind),
    ]
)


def read(path: Path) -> VideoLabels:
    """Read a file with one video, or with images; masks are decoded on access.

    In a video, labels are the ids of the annotations, or numbers from 1 if an id is not
    between 1 and 65535; for images see `coco_images.objects_of_images`. Colours are
    those of the annotations, or of their categories. Where masks overlap, the later
    annotation is kept. Frames are in the natural order of their file names.

    Raises
    ------
    ReadError
        If the file does not have this format, has several videos, or masks of another
        size or of more frames than the video.
    """
    document = read_json(path, _SCHEMA, "Expected COCO JSON of a video or of images")
    try:
        if isinstance(document, _ImageDocument):
            return _read_images(document)
        return _read_video(document)
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from None


def _read_images(document: _ImageDocument) -> VideoLabels:
    content = objects_of_images(document.images, document.annotations or [])
    shape = len(document.images), *content.size
    return VideoLabels(
        MaskFrames(shape, content.shapes, max(content.objects, default=0)),
        *_names_and_colours(content.objects, document.categories),
        frame_names=_base_names(content.names),
    )


def _read_video(document: _Document) -> VideoLabels:
    if len(document.videos) > 1:
        raise ReadError(
            f"Expected one video; there are {len(document.videos)}. Split the file."
        )
    (video,), annotations = document.videos, document.annotations or []
    for item in annotations:
        _check_masks(item, video)
    order, names = [*range(video.length)], video.file_names
    if len(names) == video.length:
        order = frame_order(names)
        names = [names[t] for t in order]
    ids = [item.id for item in annotations]
    usable = len({*ids}) == len(ids) and all(0 < k <= MAX_LABEL for k in ids)
    objects = dict(
        zip(ids if usable else range(1, len(ids) + 1), annotations, strict=True)
    )
    shapes = (
        Shape(t, label, item.segmentations[number])
        for t, number in enumerate(order)
        for label, item in objects.items()
        if number < len(item.segmentations) and item.segmentations[number]
    )
    shape = video.length, video.height, video.width
    return VideoLabels(
        MaskFrames(shape, shapes, max(objects, default=0)),
        *_names_and_colours(objects, document.categories),
        frame_names=_base_names(names),
        video_name=Path(video.file_names[0]).parent.name if video.file_names else None,
    )


def _base_names(names: Iterable[str]) -> list[str]:
    return [Path(name).name for name in names]


def _names_and_colours(
    objects: Mapping[int, _Annotation] | Mapping[int, ImageAnnotation],
    categories: Iterable[_Category],
) -> tuple[dict[int, str], dict[int, Colour]]:
    """Return names and colours by label; colours may be those of the category."""
    by_id = {item.id: item for item in categories}
    names, colours = {}, {}
    for label, item in objects.items():
        category = by_id.get(item.category_id)
        names[label] = category.name if category else DEFAULT_NAME
        colour = _colour(item.color) or _colour(category.color if category else None)
        if colour:
            colours[label] = colour
    return names, colours


def _check_masks(item: _Annotation, video: _Video) -> None:
    """Refuse masks that cannot be decoded, before their frame is read."""
    if len(item.segmentations) > video.length:
        raise ReadError(
            f"Expected masks of {video.length} frames; annotation {item.id} has "
            f"{len(item.segmentations)}. Check the file."
        )
    for segmentation in item.segmentations:
        if segmentation is not None:
            check_segmentation(segmentation, (video.height, video.width))


def _colour(value: Any) -> Colour | None:
    """Return a colour from its three numbers or ``#rrggbb``, None for other values."""
    if isinstance(value, str):
        return colour_from_hex(value)
    try:
        red, green, blue = bytes(value)
    except (TypeError, ValueError):
        return None
    return red, green, blue


def recognizes(path: Path) -> bool:
    """Return whether a JSON file contains an object, not a list."""
    return first_character(path) == "{"


class MaskFrames(LazyLabels):
    """Label images that are decoded from run lengths and polygons."""

    def __init__(
        self, shape: tuple[int, ...], shapes: Iterable[Shape], largest: int
    ) -> None:
        self._shapes: dict[int, list[Shape]] = defaultdict(list)
        for each in shapes:
            self._shapes[each.frame].append(each)
        super().__init__(shape, label_dtype(largest))

    def _read(self, t: int) -> NDArray[Any]:
        labels = np.zeros(self.shape[1:], self.dtype)
        for each in self._shapes.get(t, ()):
            draw_segmentation(labels, each.segmentation, each.label)
        return labels
