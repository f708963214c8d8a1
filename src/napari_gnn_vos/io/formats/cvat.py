"""CVAT XML 1.1 for images and for videos, with run-length masks.

In the format for images, the group of a mask is the label of its object. In the format
for videos, an object is a track.

References
----------
https://docs.cvat.ai/docs/manual/advanced/xml_format
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape, quoteattr  # nosec B406 - they only write

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.formats.object_spool import ObjectSpool
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.run_lengths import bounding_box, run_lengths
from napari_gnn_vos.io.formats.video_labels import (
    DEFAULT_NAME,
    VideoLabels,
    colour_to_hex,
)


def write_images(labels: VideoLabels, path: Path) -> int:
    """Write one element ``image`` per frame, with a mask for each visible object.

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
        If the label images are invalid.
    """
    with ObjectSpool() as spool:
        count, shape = spool.add_video(labels, partial(_image_mask, labels))

        def write(file: IO[bytes]) -> None:
            file.write(_head(labels, spool, count, shape, "annotation").encode())
            records = {label: spool.records(label) for label in spool.objects}
            following = {label: next(records[label]) for label in records}
            for t in range(count):
                name = quoteattr(_text(labels.frame_name(t)))
                size = f'width="{shape[1]}" height="{shape[0]}"'
                file.write(f'  <image id="{t}" name={name} {size}>\n'.encode())
                for label in [k for k, (u, _) in following.items() if u == t]:
                    file.write(following[label][1].encode())
                    following[label] = next(records[label], (-1, ""))
                file.write(b"  </image>\n")
            file.write(b"</annotations>\n")

        atomic_file(path, write)
    return count


def write_video(labels: VideoLabels, path: Path) -> int:
    """Write one element ``track`` per object, with a mask for each visible frame.

    A frame in which the object has disappeared is marked as ``outside``. Parameters
    and errors are those of :func:`write_images`.
    """
    with ObjectSpool() as spool:
        count, shape = spool.add_video(labels, _track_mask)

        def write(file: IO[bytes]) -> None:
            file.write(_head(labels, spool, count, shape, "interpolation").encode())
            for label in spool.objects:
                _write_track(file, labels, spool, label, count)
            file.write(b"</annotations>\n")

        atomic_file(path, write)
    return count


def mask_attributes(mask: NDArray[np.bool_]) -> str:
    """Encode a mask as attributes: row-major run lengths inside the bounding box.

    Parameters
    ----------
    mask : (H, W) ndarray of bool
        With at least one true pixel.

    Examples
    --------
    >>> mask_attributes(np.array([[False, True, True], [False, False, True]]))
    'rle="0, 2, 1, 1" left="1" top="0" width="2" height="2"'
    """
    top, left, height, width = bounding_box(mask)
    box = mask[top : top + height, left : left + width]
    counts = ", ".join(map(str, run_lengths(box.ravel())))
    return f'rle="{counts}" left="{left}" top="{top}" width="{width}" height="{height}"'


def _image_mask(
    labels: VideoLabels, label: int, _t: int, mask: NDArray[np.bool_]
) -> str:
    name, geometry = quoteattr(_text(labels.name_of(label))), mask_attributes(mask)
    return (
        f'    <mask label={name} source="manual" occluded="0" {geometry} z_order="0" '
        f'group_id="{label}"{_colour(labels, label)}></mask>\n'
    )


def _track_mask(_label: int, t: int, mask: NDArray[np.bool_]) -> str:
    return (
        f'    <mask frame="{t}" keyframe="1" outside="0" occluded="0" '
        f'{mask_attributes(mask)} z_order="0"></mask>\n'
    )


def _write_track(
    file: IO[bytes], labels: VideoLabels, spool: ObjectSpool, label: int, count: int
) -> None:
    name = quoteattr(_text(labels.name_of(label)))
    file.write(
        f'  <track id="{label}" label={name} source="manual" '
        f'group_id="{label}"{_colour(labels, label)}>\n'.encode()
    )
    visible = {*spool.frames(label)}
    for t, record in spool.records(label):
        file.write(record.encode())
        if t + 1 < count and t + 1 not in visible:
            hidden = record.replace(f'frame="{t}"', f'frame="{t + 1}"', 1)
            file.write(hidden.replace('outside="0"', 'outside="1"', 1).encode())
    file.write(b"  </track>\n")


def _head(
    labels: VideoLabels,
    spool: ObjectSpool,
    count: int,
    shape: tuple[int, ...],
    mode: str,
) -> str:
    """Return the start of a file: size, and names with the colour of the first object.

    CVAT has one colour for each name. The colour of an object is stored in the
    attribute ``color`` of its mask or track, which CVAT ignores.
    """
    colours: dict[str, str] = {}
    for label in spool.objects or [0]:
        name = labels.name_of(label) if label else DEFAULT_NAME
        colours.setdefault(name, colour_to_hex(labels.colour_of(label)))
    elements = "".join(
        f"        <label>\n          <name>{escape(_text(name))}</name>\n"
        f"          <color>{colour}</color>\n          <type>mask</type>\n"
        "          <attributes>\n          </attributes>\n        </label>\n"
        for name, colour in colours.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n'
        "  <version>1.1</version>\n  <meta>\n    <task>\n"
        f"      <name>{escape(_text(labels.video_name or 'video'))}</name>\n"
        f"      <size>{count}</size>\n      <mode>{mode}</mode>\n"
        f"      <labels>\n{elements}      </labels>\n"
        f"      <original_size>\n        <width>{shape[1]}</width>\n"
        f"        <height>{shape[0]}</height>\n      </original_size>\n"
        "    </task>\n  </meta>\n"
    )


def _colour(labels: VideoLabels, label: int) -> str:
    if label not in labels.colours:
        return ""
    return f' color="{colour_to_hex(labels.colours[label])}"'


def _text(text: str) -> str:
    """Replace control characters, which XML 1.0 does not allow, by U+FFFD."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)


_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
