"""Labels as COCO does them for videos: the JSON of YouTube-VIS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.label_pictures import checked, unwritable
from napari_gnn_vos.io.storage import atomic_write

Json = dict[str, Any]


def export_coco(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
) -> int:
    """Write one video with its objects, for tools that train on COCO or YouTube-VIS.

    Every object is an annotation, with a mask, a box and an area on every frame that it
    is seen on; masks are run lengths as COCO counts them, column by column.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label picture a frame, values 0 to 255; a (T, H, W) array is one too.
    path : path
        A file there is replaced, once all is written.
    names : mapping of int to str, optional
        What objects are called: objects of one name are of one category. An object
        without one is "object".

    Returns
    -------
    count : int
        Frames written.

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
    seen: dict[int, dict[int, Json]] = {}
    for count, mask in enumerate(checked(labels), start=1):
        shape = mask.shape
        for label in np.flatnonzero(np.bincount(mask.ravel())):
            if label > 0:
                on = seen.setdefault(int(label), {})
                on[count - 1] = describe(mask == label)
    text = json.dumps(_whole(path.stem, count, shape, seen, names or {}))
    try:
        atomic_write(path, lambda file: file.write(text.encode()))
    except OSError as error:
        raise ReadError(unwritable(path, error)) from error
    return count


def describe(mask: NDArray[np.bool_]) -> Json:
    """Run lengths, box and area of an object on one frame.

    Parameters
    ----------
    mask : (H, W) ndarray of bool
        With one pixel at least.

    Returns
    -------
    facts : dict
        ``segmentation``: size [H, W] and counts of pixels, column by column, outside
        and inside in turn; ``bbox``: [column, row, width, height]; ``area``, in pixels.

    Examples
    --------
    >>> facts = describe(np.array([[False, True], [False, True], [False, False]]))
    >>> facts["segmentation"]["counts"], facts["bbox"], facts["area"]
    ([3, 2, 1], [1, 0, 1, 2], 2)
    """
    flat = mask.ravel(order="F")
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff([0, *turns, flat.size]).tolist()
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


def _whole(
    name: str,
    count: int,
    shape: tuple[int, ...],
    seen: Mapping[int, Mapping[int, Json]],
    names: Mapping[int, str],
) -> Json:
    size = {"height": shape[0], "width": shape[1]}
    kinds = sorted({names.get(label, "object") for label in seen}) or ["object"]
    files = [f"{name}/{t:05d}.jpg" for t in range(count)]
    return {
        "info": {"description": name, "contributor": "napari-gnn-vos"},
        "videos": [{"id": 1, "length": count, **size, "file_names": files}],
        "categories": [{"id": k, "name": kind} for k, kind in enumerate(kinds, 1)],
        "annotations": [
            {
                "id": label,
                "video_id": 1,
                "category_id": 1 + kinds.index(names.get(label, "object")),
                "iscrowd": 0,
                **size,
                **_by_frame(on, count),
            }
            for label, on in sorted(seen.items())
        ],
    }


def _by_frame(on: Mapping[int, Json], count: int) -> Json:
    """List the facts of an object by frame, None where it is not seen."""
    plural = {"segmentations": "segmentation", "bboxes": "bbox", "areas": "area"}
    return {
        many: [on[t][one] if t in on else None for t in range(count)]
        for many, one in plural.items()
    }
