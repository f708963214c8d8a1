"""Read COCO JSON for videos, with run-length masks by object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.run_lengths import (
    check_run_lengths,
    counts_from_text,
    mask_from_run_lengths,
)
from napari_gnn_vos.io.formats.video_labels import (
    DEFAULT_NAME,
    MAX_LABEL,
    Colour,
    LazyLabels,
    VideoLabels,
    colour_from_hex,
)
from napari_gnn_vos.io.json_file import first_character, read_json
from napari_gnn_vos.io.natural_order import frame_order
from napari_gnn_vos.structures.label_frames import label_dtype

Size = Annotated[int, Field(ge=1, le=65535)]


class _Rle(BaseModel):
    size: tuple[Size, Size]
    counts: list[int] | str


class _Annotation(BaseModel):
    id: int
    category_id: int
    segmentations: list[_Rle | None]
    color: Any = None


class _Category(BaseModel):
    id: int
    name: str
    color: Any = None


class _Video(BaseModel):
    length: Annotated[int, Field(ge=1, le=1_000_000)]
    height: Size
    width: Size
    file_names: list[str]


class _Document(BaseModel):
    videos: Annotated[list[_Video], Field(min_length=1)]
    categories: list[_Category]
    annotations: list[_Annotation] | None = None


_SCHEMA = TypeAdapter(_Document)


def read(path: Path) -> VideoLabels:
    """Read a file with one video; masks are decoded on access.

    Labels are the ids of the annotations, or numbers from 1 if an id is not between 1
    and 65535. Colours are those of the annotations, or of their categories. Where masks
    overlap, the later annotation is kept. Frames are in the natural order of their file
    names.

    Raises
    ------
    ReadError
        If the file does not have this format, has several videos, or masks of another
        size or of more frames than the video.
    """
    document = read_json(path, _SCHEMA, "Expected COCO JSON of a video")
    if len(document.videos) > 1:
        raise ReadError(
            f"Expected one video; {path} has {len(document.videos)}. Split the file."
        )
    (video,), annotations = document.videos, document.annotations or []
    for item in annotations:
        _check_masks(item, video, path)
    order, names = [*range(video.length)], video.file_names
    if len(names) == video.length:
        order = frame_order(names)
        names = [names[t] for t in order]
    ids = [item.id for item in annotations]
    usable = len({*ids}) == len(ids) and all(0 < k <= MAX_LABEL for k in ids)
    objects = dict(
        zip(ids if usable else range(1, len(ids) + 1), annotations, strict=True)
    )
    categories = {item.id: item.name for item in document.categories}
    category_colours = {item.id: item.color for item in document.categories}
    colours: dict[int, Colour] = {
        label: colour
        for label, item in objects.items()
        if (colour := _colour(item.color))
        or (colour := _colour(category_colours.get(item.category_id)))
    }
    return VideoLabels(
        RleFrames(video, objects, order),
        {
            k: categories.get(item.category_id, DEFAULT_NAME)
            for k, item in objects.items()
        },
        colours,
        frame_names=[Path(name).name for name in names],
        video_name=Path(video.file_names[0]).parent.name if video.file_names else None,
    )


def _check_masks(item: _Annotation, video: _Video, path: Path) -> None:
    """Refuse masks that cannot be decoded, before their frame is read."""
    if len(item.segmentations) > video.length:
        raise ReadError(
            f"{path}: Expected masks of {video.length} frames; annotation {item.id} "
            f"has {len(item.segmentations)}. Check the file."
        )
    size = video.height, video.width
    for rle in item.segmentations:
        if rle is not None and rle.size != size:
            raise ReadError(
                f"{path}: Expected masks of {size} pixels; one has {rle.size}. Check "
                "the file."
            )
        if rle is not None:
            check_run_lengths(_counts(rle), rle.size[0] * rle.size[1])


def _counts(rle: _Rle) -> list[int]:
    return counts_from_text(rle.counts) if isinstance(rle.counts, str) else rle.counts


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


class RleFrames(LazyLabels):
    """Label images that are decoded from run lengths."""

    def __init__(
        self, video: _Video, objects: Mapping[int, _Annotation], order: Sequence[int]
    ) -> None:
        self._objects, self._order = objects, order
        shape = (video.length, video.height, video.width)
        super().__init__(shape, label_dtype(max(objects, default=0)))

    def _read(self, t: int) -> NDArray[Any]:
        labels, number = np.zeros(self.shape[1:], self.dtype), self._order[t]
        for label, item in self._objects.items():
            if number < len(item.segmentations):
                rle = item.segmentations[number]
                if rle is not None:
                    labels[self._decode(rle)] = label
        return labels

    def _decode(self, rle: _Rle) -> NDArray[np.bool_]:
        flat = mask_from_run_lengths(_counts(rle), rle.size[0] * rle.size[1])
        return flat.reshape(rle.size, order="F")
