"""COCO JSON for videos, as used by YouTube-VIS: run-length masks by object.

References
----------
L. Yang, Y. Fan, N. Xu, "Video Instance Segmentation", ICCV 2019.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.formats.object_spool import ObjectSpool
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.run_lengths import (
    counts_from_text,
    mask_from_run_lengths,
    run_lengths,
)
from napari_gnn_vos.io.formats.video_labels import (
    DEFAULT_NAME,
    MAX_LABEL,
    Colour,
    LazyLabels,
    VideoLabels,
    label_dtype,
    objects_in,
)
from napari_gnn_vos.io.json_file import read_json

Json = dict[str, Any]
_FIELDS = ("segmentation", "bbox", "area")
_PLURALS = ("segmentations", "bboxes", "areas")


def export_coco(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
    frame_names: Sequence[str] | None = None,
    video_name: str | None = None,
) -> int:
    """Write the objects of a video to a COCO JSON file.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 65535, or a (T, H, W) array.
    path : path
    names : mapping of int to str, optional
        Object names by label. Objects of the same name share a category. The default
        name is "object".
    frame_names : sequence of T str, optional
        File names of the video frames. By default numbered, ``00000.jpg`` ...
    video_name : str, optional
        Name of the video, which is also the folder in the file names. By default the
        name of the file without its suffix.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError, ShapeError
        As in :func:`write`.
    """
    source = VideoLabels(
        labels, names or {}, frame_names=frame_names, video_name=video_name
    )
    return write(source, Path(path))


def write(labels: VideoLabels, path: Path) -> int:
    """Write one annotation per object, with mask, box and area for each frame.

    Masks are uncompressed COCO run-length encodings in column-major order. Colours are
    stored in the additional field ``color`` of the annotations.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        An existing file is replaced after all frames were encoded.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ShapeError
        If the label images are invalid, or the number of frame names differs.
    """
    count, shape = 0, (0, 0)
    with ObjectSpool() as spool:
        for t, mask in enumerate(labels.masks()):
            for label in objects_in(mask):
                encoding = encode_mask(mask == label)
                record = "\n".join(json.dumps(encoding[key]) for key in _FIELDS)
                spool.add(label, t, record)
            count, shape = t + 1, mask.shape
        header = _header(labels, labels.video_name or path.stem, count, shape)
        categories = sorted({labels.name_of(label) for label in spool.objects})
        header["categories"] = [
            {"id": k, "name": name}
            for k, name in enumerate(categories or ["object"], 1)
        ]

        def write_document(file: IO[bytes]) -> None:
            file.write(json.dumps(header).encode()[:-1] + b', "annotations": [')
            for k, label in enumerate(spool.objects):
                category = 1 + categories.index(labels.name_of(label))
                fields = _annotation(labels, label, category, shape)
                file.write(b", " if k else b"")
                file.write(json.dumps(fields).encode()[:-1])
                _write_lists(file, spool, label, count)
                file.write(b"}")
            file.write(b"]}")

        atomic_file(path, write_document)
    return count


def encode_mask(mask: NDArray[np.bool_]) -> Json:
    """Encode the mask of an object in one frame, with bounding box and area.

    Parameters
    ----------
    mask : (H, W) ndarray of bool
        With at least one true pixel.

    Returns
    -------
    encoding : dict
        ``segmentation``: size [H, W] and run lengths in column-major order, background
        first; ``bbox``: [column, row, width, height]; ``area`` in pixels.

    Examples
    --------
    >>> encoding = encode_mask(np.array([[False, True], [False, True], [False, False]]))
    >>> encoding["segmentation"]["counts"], encoding["bbox"], encoding["area"]
    ([3, 2, 1], [1, 0, 1, 2], 2)
    """
    rows, cols = (np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0))
    return {
        "segmentation": {
            "size": list(mask.shape),
            "counts": run_lengths(mask.ravel(order="F")),
        },
        "bbox": [cols[0], rows[0], cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1],
        "area": int(np.count_nonzero(mask)),
    }


def _header(labels: VideoLabels, name: str, count: int, shape: tuple[int, ...]) -> Json:
    given = labels.frame_names
    if given is not None and len(given) != count:
        raise ShapeError(
            f"Expected one file name per frame; there are {count} frames and "
            f"{len(given)} names. Pass the names of all frames."
        )
    video = {
        "id": 1,
        "length": count,
        "height": shape[0],
        "width": shape[1],
        "file_names": [f"{name}/{labels.frame_name(t)}" for t in range(count)],
    }
    info = {"description": name, "contributor": "napari-gnn-vos"}
    return {"info": info, "videos": [video]}


def _annotation(
    labels: VideoLabels, label: int, category: int, shape: tuple[int, ...]
) -> Json:
    fields: Json = {
        "id": label,
        "video_id": 1,
        "category_id": category,
        "iscrowd": 0,
        "height": shape[0],
        "width": shape[1],
    }
    if label in labels.colours:
        fields["color"] = list(labels.colours[label])
    return fields


def _write_lists(file: IO[bytes], spool: ObjectSpool, label: int, count: int) -> None:
    """Write masks, boxes and areas as lists over frames, null where hidden."""
    for k, key in enumerate(_PLURALS):
        file.write(f', "{key}": ['.encode())
        for t, text in enumerate(_per_frame(spool, label, k, count)):
            file.write((", " if t else "").encode() + text.encode())
        file.write(b"]")


def _per_frame(spool: ObjectSpool, label: int, k: int, count: int) -> Iterator[str]:
    next_frame = 0
    for t, record in spool.records(label):
        yield from ["null"] * (t - next_frame)
        yield record.split("\n")[k]
        next_frame = t + 1
    yield from ["null"] * (count - next_frame)


Size = Annotated[int, Field(ge=1, le=65535)]


class _Rle(BaseModel):
    size: tuple[Size, Size]
    counts: list[int] | str


class _Annotation(BaseModel):
    id: int
    category_id: int
    segmentations: list[_Rle | None]
    color: tuple[int, int, int] | None = None


class _Category(BaseModel):
    id: int
    name: str


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
    and 65535. Where masks overlap, the later annotation is kept.

    Raises
    ------
    ReadError
        If the file does not have this format, or has several videos.
    """
    document = read_json(path, _SCHEMA, "Expected COCO JSON of a video")
    if len(document.videos) > 1:
        raise ReadError(
            f"Expected one video; {path} has {len(document.videos)}. Split the file."
        )
    (video,), annotations = document.videos, document.annotations or []
    ids = [item.id for item in annotations]
    usable = len({*ids}) == len(ids) and all(0 < k <= MAX_LABEL for k in ids)
    objects = dict(
        zip(ids if usable else range(1, len(ids) + 1), annotations, strict=True)
    )
    categories = {item.id: item.name for item in document.categories}
    colours: dict[int, Colour] = {
        label: item.color for label, item in objects.items() if item.color
    }
    return VideoLabels(
        RleFrames(video, objects, path),
        {
            k: categories.get(item.category_id, DEFAULT_NAME)
            for k, item in objects.items()
        },
        colours,
        frame_names=[Path(name).name for name in video.file_names],
        video_name=Path(video.file_names[0]).parent.name if video.file_names else None,
    )


def recognizes(path: Path) -> bool:
    """Return whether a JSON file contains an object, not a list."""
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


class RleFrames(LazyLabels):
    """Label images that are decoded from run lengths."""

    def __init__(
        self, video: _Video, objects: Mapping[int, _Annotation], path: Path
    ) -> None:
        self._objects, self._path = objects, path
        shape = (video.length, video.height, video.width)
        super().__init__(shape, label_dtype(max(objects, default=0)))

    def _read(self, t: int) -> NDArray[Any]:
        labels = np.zeros(self.shape[1:], self.dtype)
        for label, item in self._objects.items():
            rle = item.segmentations[t] if t < len(item.segmentations) else None
            if rle is not None:
                labels[self._decode(rle)] = label
        return labels

    def _decode(self, rle: _Rle) -> NDArray[np.bool_]:
        if rle.size != self.shape[1:]:
            raise ReadError(
                f"{self._path}: Expected masks of {self.shape[1:]} pixels; one has "
                f"{rle.size}. Check the file."
            )
        counts = rle.counts
        values = counts_from_text(counts) if isinstance(counts, str) else counts
        flat = mask_from_run_lengths(values, rle.size[0] * rle.size[1])
        return flat.reshape(rle.size, order="F")
