"""Export of labels to COCO JSON for videos, as used by YouTube-VIS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.label_images import validate_label_images, write_error_message
from napari_gnn_vos.storage import atomic_write

Json = dict[str, Any]


def export_coco(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
    frame_names: Sequence[str] | None = None,
    video_name: str | None = None,
) -> int:
    """Write the objects of a video to a COCO JSON file.

    Each object is one annotation with a mask, a bounding box and an area for each frame
    in which it is visible. Masks are uncompressed COCO run-length encodings in
    column-major order.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 255, or a (T, H, W) array.
    path : path
        An existing file is replaced after all frames were encoded.
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
    ReadError
        If the file cannot be written.
    ShapeError
        As in :func:`napari_gnn_vos.io.export.export_palette_pngs`.

    References
    ----------
    L. Yang, Y. Fan, N. Xu, "Video Instance Segmentation", ICCV 2019.
    """
    path, count, shape = Path(path), 0, (0, 0)
    objects: dict[int, dict[int, Json]] = {}
    for count, mask in enumerate(validate_label_images(labels), start=1):
        shape = mask.shape
        for label in np.flatnonzero(np.bincount(mask.ravel())):
            if label > 0:
                by_frame = objects.setdefault(int(label), {})
                by_frame[count - 1] = encode_mask(mask == label)
    name = video_name or path.stem
    files = frame_names or [f"{t:05d}.jpg" for t in range(count)]
    if len(files) != count:
        raise ShapeError(
            f"Expected one file name per frame; there are {count} frames and "
            f"{len(files)} names. Pass the names of all frames."
        )
    video = {
        "id": 1,
        "length": count,
        "height": shape[0],
        "width": shape[1],
        "file_names": [f"{name}/{file}" for file in files],
    }
    text = json.dumps(_document(name, video, objects, names or {}))
    try:
        atomic_write(path, lambda file: file.write(text.encode()))
    except OSError as error:
        raise ReadError(write_error_message(path, error)) from error
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
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff([0, *changes, flat.size]).tolist()
    rows, cols = (np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0))
    size = [cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1]
    return {
        "segmentation": {
            "size": list(mask.shape),
            "counts": [0, *counts] if flat[0] else counts,
        },
        "bbox": [cols[0], rows[0], *size],
        "area": int(np.count_nonzero(mask)),
    }


def _document(
    name: str,
    video: Json,
    objects: Mapping[int, Mapping[int, Json]],
    names: Mapping[int, str],
) -> Json:
    size = {"height": video["height"], "width": video["width"]}
    categories = sorted({names.get(label, "object") for label in objects})
    categories = categories or ["object"]
    return {
        "info": {"description": name, "contributor": "napari-gnn-vos"},
        "videos": [video],
        "categories": [
            {"id": k, "name": category} for k, category in enumerate(categories, 1)
        ],
        "annotations": [
            {
                "id": label,
                "video_id": 1,
                "category_id": 1 + categories.index(names.get(label, "object")),
                "iscrowd": 0,
                **size,
                **_per_frame_lists(by_frame, video["length"]),
            }
            for label, by_frame in sorted(objects.items())
        ],
    }


def _per_frame_lists(by_frame: Mapping[int, Json], count: int) -> Json:
    """Return the encodings of an object as lists over frames, None where hidden."""
    fields = {"segmentations": "segmentation", "bboxes": "bbox", "areas": "area"}
    return {
        key: [by_frame[t][field] if t in by_frame else None for t in range(count)]
        for key, field in fields.items()
    }
