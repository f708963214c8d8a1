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
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import file_path, validated
from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.io.formats.object_spool import ObjectSpool
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.run_lengths import bounding_box, run_lengths
from napari_gnn_vos.io.formats.video_labels import (
    VideoLabels,
    check_by_label,
)

Json = dict[str, Any]
_FIELDS = ("segmentation", "bbox", "area")
_PLURALS = ("segmentations", "bboxes", "areas")


@validated(path=file_path)
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
        labels,
        check_by_label("names", names),
        frame_names=frame_names,
        video_name=video_name,
    )
    return write(source, Path(path))


def write(labels: VideoLabels, path: Path) -> int:
    """Write one annotation per object, with mask, box and area for each frame.

    Masks are uncompressed COCO run-length encodings in column-major order. Colours are
    stored in the additional field ``color`` of the annotations. A single image is also
    written as an image, for programs that do not read videos.

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
    with ObjectSpool() as spool:
        count, shape = spool.add_video(labels, _record)
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
                if count == 1:
                    fields |= _image_fields(spool, label)
                file.write(b", " if k else b"")
                file.write(json.dumps(fields).encode()[:-1])
                _write_lists(file, spool, label, count)
                file.write(b"}")
            file.write(b"]}")

        atomic_file(path, write_document)
    return count


def _record(_label: int, _t: int, mask: NDArray[np.bool_]) -> str:
    """Encode mask, box and area of an object in one frame, one per line."""
    encoding = encode_mask(mask)
    return "\n".join(json.dumps(encoding[key]) for key in _FIELDS)


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
    top, left, height, width = bounding_box(mask)
    return {
        "segmentation": {
            "size": list(mask.shape),
            "counts": run_lengths(mask.ravel(order="F")),
        },
        "bbox": [left, top, width, height],
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
    if count != 1:
        return {"info": info, "videos": [video]}
    file_name = Path(labels.frame_name(0)).name
    image = {"id": 1, "file_name": file_name, "height": shape[0], "width": shape[1]}
    return {"info": info, "videos": [video], "images": [image]}


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


def _image_fields(spool: ObjectSpool, label: int) -> Json:
    """Return the fields of an object in a single image, as in the format for images."""
    ((_, record),) = spool.records(label)
    values = map(json.loads, record.split("\n"))
    return {"image_id": 1, **dict(zip(_FIELDS, values, strict=True))}


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
