"""Label Studio JSON: one task per frame with brush masks.

References
----------
https://labelstud.io/guide/export
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.brush_code import (
    check_brush,
    decode_brush,
    encode_brush,
)
from napari_gnn_vos.io.formats.lazy_labels import LazyLabels
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.video_labels import (
    MAX_LABEL,
    Colour,
    VideoLabels,
    colour_from_hex,
    colour_to_hex,
    objects_in,
)
from napari_gnn_vos.io.json_file import Byte, Side, first_character, read_json
from napari_gnn_vos.io.natural_order import frame_order
from napari_gnn_vos.structures.label_frames import label_dtype


def write(labels: VideoLabels, path: Path) -> int:
    """Write one task per frame with a brush region for each visible object.

    The id of a region is ``object-N`` with the label N of the object; its class is the
    name.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        An existing file is replaced after all frames were written.

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
    count = 0

    def write_tasks(file: IO[bytes]) -> None:
        nonlocal count
        for t, mask in enumerate(labels.masks()):
            file.write(b",\n" if t else b"[")
            file.write(json.dumps(_task(labels, t, mask)).encode())
            count = t + 1
        file.write(b"]\n")

    atomic_file(path, write_tasks)
    return count


def _task(labels: VideoLabels, t: int, mask: NDArray[Any]) -> dict[str, Any]:
    height, width = mask.shape
    regions = [
        {
            "id": f"object-{label}",
            "type": "brushlabels",
            "from_name": "label",
            "to_name": "image",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "meta": {"color": colour_to_hex(labels.colour_of(label))},
            "value": {
                "format": "rle",
                "rle": encode_brush(mask == label),
                "brushlabels": [labels.name_of(label)],
            },
        }
        for label in objects_in(mask)
    ]
    size = {"frame": t, "height": height, "width": width}
    data = {"image": labels.frame_name(t), **size}
    return {"data": data, "annotations": [{"result": regions}]}


class _Value(BaseModel):
    rle: list[Byte] | None = None
    brushlabels: list[str] = []


class _Meta(BaseModel):
    color: str = ""


class _Region(BaseModel):
    id: str = ""
    type: str
    original_width: Side | None = None
    original_height: Side | None = None
    meta: _Meta = _Meta()
    value: _Value = _Value()  # relations of regions have none


class _Result(BaseModel):
    result: list[_Region]
    was_cancelled: bool = False


class _Task(BaseModel):
    data: dict[str, Any]
    annotations: list[_Result]


_SCHEMA = TypeAdapter(Annotated[list[_Task], Field(min_length=1)])


def read(path: Path) -> VideoLabels:
    """Read the brush regions of tasks, one frame per task; masks are decoded on access.

    Of several annotations of a task, the last one that was not cancelled is read. A
    region belongs to the object N if its id is ``object-N``, and otherwise to the
    object of its class. Frames are sorted by the number ``frame`` of their task, if all
    have one, or in the natural order of their file names.

    Raises
    ------
    ReadError
        If the file does not have this format, has no brush region, frames of several
        sizes, or damaged masks.
    """
    tasks = _sorted(
        read_json(path, _SCHEMA, "Expected the tasks of Label Studio as JSON")
    )
    frames = [_regions(task) for task in tasks]
    brush = [[region for region in frame if region.value.rle] for frame in frames]
    sizes = Counter(size for size in map(_size, tasks, brush) if size is not None)
    if len(sizes) != 1:
        raise ReadError(
            f"Expected brush regions of one size; {path} has the sizes {[*sizes]}. "
            "Export the tasks of one video."
        )
    (shape,) = sizes
    for region in (region for frame in brush for region in frame):
        check_brush(region.value.rle or [], shape)
    numbers = _numbers([region for frame in brush for region in frame])
    names: dict[int, str] = {}
    colours: dict[int, Colour] = {}
    for region in (region for frame in brush for region in frame):
        label = numbers[_key(region)]
        names[label] = "".join(region.value.brushlabels[:1])
        if colour := colour_from_hex(region.meta.color):
            colours[label] = colour
    return VideoLabels(
        _BrushFrames(brush, numbers, shape),
        names,
        colours,
        frame_names=[Path(str(task.data.get("image", ""))).name for task in tasks],
        video_name=path.stem,
    )


def recognizes(path: Path) -> bool:
    """Return whether a JSON file contains a list."""
    return first_character(path) == "["


def _sorted(tasks: list[_Task]) -> list[_Task]:
    """Sort tasks by frame; they are exported in the order of their upload."""
    numbers = [task.data.get("frame") for task in tasks]
    if len(set(map(str, numbers))) == len(tasks) and all(
        isinstance(number, int) for number in numbers
    ):
        order = sorted(range(len(tasks)), key=numbers.__getitem__)  # type: ignore[arg-type]
    else:
        order = frame_order([str(task.data.get("image", "")) for task in tasks])
    return [tasks[t] for t in order]


def _regions(task: _Task) -> list[_Region]:
    valid = [each.result for each in task.annotations if not each.was_cancelled]
    return valid[-1] if valid else []


def _size(task: _Task, regions: list[_Region]) -> tuple[int, int] | None:
    for region in regions:
        if region.original_height and region.original_width:
            return region.original_height, region.original_width
    size = task.data.get("height"), task.data.get("width")
    return size if all(isinstance(side, int) for side in size) else None  # type: ignore[return-value]


def _key(region: _Region) -> str:
    """Return what identifies the object of a region: ``object-N``, or its class."""
    number = region.id.removeprefix("object-")
    valid = region.id != number and number.isdigit() and 0 < int(number) <= MAX_LABEL
    return region.id if valid else f"class {''.join(region.value.brushlabels[:1])}"


def _numbers(regions: list[_Region]) -> dict[str, int]:
    """Assign labels: N to ``object-N``, and the following numbers to classes."""
    keys = dict.fromkeys(map(_key, regions))
    numbers = {
        k: int(k.removeprefix("object-")) for k in keys if k.startswith("object-")
    }
    start = max(numbers.values(), default=0) + 1
    classes = (key for key in keys if key not in numbers)
    return numbers | {key: k for k, key in enumerate(classes, start)}


class _BrushFrames(LazyLabels):
    """Label images that are decoded from brush regions."""

    def __init__(
        self,
        frames: list[list[_Region]],
        numbers: dict[str, int],
        shape: tuple[int, int],
    ) -> None:
        self._regions, self._numbers = frames, numbers
        dtype = label_dtype(max(numbers.values(), default=0))
        super().__init__((len(frames), *shape), dtype)

    def _read(self, t: int) -> NDArray[Any]:
        height, width = self.shape[1:]
        labels = np.zeros((height, width), self.dtype)
        for region in self._regions[t]:
            mask = decode_brush(region.value.rle or [], (height, width))
            labels[mask] = self._numbers[_key(region)]
        return labels
