"""Names and colours of objects as JSON, beside formats that cannot store them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.video_labels import MAX_LABEL, Colour, VideoLabels
from napari_gnn_vos.io.json_file import Byte

OBJECTS = "objects.json"
"""Name of the file inside an exported folder."""

Label = Annotated[int, Field(ge=1, le=MAX_LABEL)]


class _Object(BaseModel):
    """Properties of an object in an `objects.json`."""

    name: str | None = Field(default=None, max_length=10_000)
    color: tuple[Byte, Byte, Byte] | None = None


_OBJECTS = TypeAdapter(dict[Label, _Object])


def objects_to_json(labels: VideoLabels) -> str:
    """Return names and colours of the objects as JSON, for formats without them.

    Examples
    --------
    >>> objects_to_json(VideoLabels([], {1: "cat"}, {2: (255, 0, 0)}))
    '{"1": {"name": "cat"}, "2": {"color": [255, 0, 0]}}'
    """
    objects: dict[int, dict[str, Any]] = {}
    for label, name in labels.names.items():
        objects.setdefault(label, {})["name"] = name
    for label, colour in labels.colours.items():
        objects.setdefault(label, {})["color"] = list(colour)
    return json.dumps({label: objects[label] for label in sorted(objects)})


def objects_from_json(text: str | bytes) -> tuple[dict[int, str], dict[int, Colour]]:
    """Return names and colours from the result of :func:`objects_to_json`.

    Raises
    ------
    ValueError
        If the text has another content.
    """
    objects = _OBJECTS.validate_json(text)
    names = {k: item.name for k, item in objects.items() if item.name is not None}
    colours = {k: item.color for k, item in objects.items() if item.color is not None}
    return names, colours


def write_objects(labels: VideoLabels, folder: Path) -> None:
    """Write `objects.json` into a folder, or delete it if there is nothing to write."""
    file = folder / OBJECTS
    if labels.names or labels.colours:
        content = objects_to_json(labels).encode()
        atomic_file(file, content)
    else:
        file.unlink(missing_ok=True)


def read_objects(folder: Path) -> tuple[dict[int, str], dict[int, Colour]]:
    """Read names and colours from the `objects.json` of a folder, if there is one.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    file = folder / OBJECTS
    try:
        return objects_from_json(file.read_bytes()) if file.is_file() else ({}, {})
    except (OSError, ValueError) as error:
        raise ReadError(
            f"Expected names and colours of objects; {file} cannot be read: {error}. "
            "Delete it to read the masks without names."
        ) from error
