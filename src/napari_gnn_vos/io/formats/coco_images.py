"""Objects and frames of COCO JSON for images, without videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.coco_masks import (
    Segmentation,
    check_segmentation,
)
from napari_gnn_vos.io.formats.video_labels import MAX_LABEL
from napari_gnn_vos.io.json_file import Side
from napari_gnn_vos.io.natural_order import frame_order


class Image(BaseModel):
    """Entry of an image."""

    id: int | str
    file_name: str = ""
    height: Side
    width: Side


class ImageAnnotation(BaseModel):
    """The mask of an object in one image."""

    id: int | str = 0
    image_id: int | str
    category_id: int
    segmentation: Segmentation | None = None
    track_id: int | None = None
    attributes: Annotated[dict[str, Any], Field(max_length=1000)] = {}
    color: Any = None

    @property
    def track(self) -> int | None:
        """Id of the object across images, as CVAT and others store it."""
        track = self.attributes.get("track_id", self.track_id)
        return track if isinstance(track, int) else None


class Shape(NamedTuple):
    """A mask on a frame."""

    frame: int
    label: int
    segmentation: Segmentation


class ImageObjects(NamedTuple):
    """Masks of all images, with one annotation of each object by label."""

    shapes: list[Shape]
    objects: dict[int, ImageAnnotation]
    size: tuple[int, int]
    names: list[str]


def objects_of_images(
    images: Sequence[Image], annotations: Sequence[ImageAnnotation]
) -> ImageObjects:
    """Assign the annotations of images to frames and labels.

    Frames are in the natural order of the file names. An object is a track; without
    tracks, an annotation of a single image. In several images it is a category if each
    image has at most one annotation of it, and otherwise an annotation.

    Raises
    ------
    ReadError
        If images differ in size, an annotation has no image or an invalid mask, or all
        have boxes only.
    """
    size = images[0].height, images[0].width
    for image in images:
        if (image.height, image.width) != size:
            raise ReadError(
                f"Expected images of one size, {size}; {image.file_name} has "
                f"{image.height, image.width}. Split the file."
            )
    frames = _frames(images)
    masks = [item for item in annotations if item.segmentation]
    if annotations and not masks:
        raise ReadError(
            "Expected masks or polygons; the annotations have boxes only. Export masks."
        )
    identities = _identities(masks, len(images))
    labels = _labels(identities)
    shapes, objects = [], {}
    for item, identity in zip(masks, identities, strict=True):
        if item.image_id not in frames or item.segmentation is None:
            raise ReadError(
                f"Expected the id of an image; annotation {item.id} has "
                f"{item.image_id!r}. Check the file."
            )
        check_segmentation(item.segmentation, size)
        shape = Shape(frames[item.image_id], labels[identity], item.segmentation)
        shapes.append(shape)
        objects[shape.label] = item
    ordered = sorted(images, key=lambda image: frames[image.id])
    return ImageObjects(shapes, objects, size, [image.file_name for image in ordered])


def _frames(images: Sequence[Image]) -> dict[int | str, int]:
    """Return the frame of each image by its id."""
    order = frame_order([image.file_name for image in images])
    frames = {images[number].id: t for t, number in enumerate(order)}
    if len(frames) < len(images):
        raise ReadError("Expected one id for each image; some have the same one.")
    return frames


def _identities(masks: Sequence[ImageAnnotation], images: int) -> list[Hashable]:
    tracks = [item.track for item in masks]
    if masks and None not in tracks:
        return list(tracks)
    numbers: list[Hashable] = list(range(len(masks)))
    counts = Counter((item.image_id, item.category_id) for item in masks)
    if images == 1 or max(counts.values(), default=0) > 1:
        ids = [item.id for item in masks]
        return list(ids) if len({*ids}) == len(ids) else numbers
    return [item.category_id for item in masks]


def _labels(identities: Sequence[Hashable]) -> dict[Hashable, int]:
    """Return the label of each identity: its number, or numbers from 1."""
    unique = list(dict.fromkeys(identities))
    if len(unique) > MAX_LABEL:
        raise ReadError(
            f"Expected up to {MAX_LABEL} objects; there are {len(unique)}. Split the "
            "file."
        )
    if all(isinstance(each, int) and 0 < each <= MAX_LABEL for each in unique):
        return {each: each for each in unique if isinstance(each, int)}
    return {each: label for label, each in enumerate(unique, 1)}
