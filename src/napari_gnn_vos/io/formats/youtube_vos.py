"""YouTube-VOS folders: PNG masks below ``Annotations``, and ``meta.json``.

References
----------
N. Xu et al., "YouTube-VOS: A Large-Scale Video Object Segmentation Benchmark", 2018.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats import png
from napari_gnn_vos.io.formats.output import atomic_folder
from napari_gnn_vos.io.formats.video_labels import MAX_LABEL, VideoLabels, objects_in
from napari_gnn_vos.io.json_file import read_json

ANNOTATIONS, META = "Annotations", "meta.json"
MAX_NAME_BYTES = 200
"""Length of folder names; file systems allow 255."""
PATTERNS = (ANNOTATIONS, META)


def write(labels: VideoLabels, path: Path) -> int:
    """Write a dataset of one video.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        Folder of the dataset. ``Annotations`` and ``meta.json`` are replaced.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the folder cannot be written.
    ShapeError
        If the label images are invalid, or have labels above 255.
    """
    video = _folder_name(labels.video_name or path.resolve().name)
    frames: dict[int, list[str]] = {}

    def recorded() -> Any:
        for t, mask in enumerate(labels.masks(255)):
            for label in objects_in(mask):
                frames.setdefault(label, []).append(Path(labels.frame_name(t)).stem)
            yield mask

    with atomic_folder(path, PATTERNS) as folder:
        masks = folder / ANNOTATIONS / video
        count = png.write(replace(labels, frames=recorded()), masks)
        objects = {
            str(label): {"category": labels.name_of(label), "frames": frames[label]}
            for label in sorted(frames)
        }
        meta = {"videos": {video: {"objects": objects}}}
        (folder / META).write_text(json.dumps(meta), encoding="utf-8")
    return count


def _folder_name(name: str) -> str:
    """Return the name of a video as that of one folder."""
    allowed = re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", name).strip(" .")
    return allowed.encode()[:MAX_NAME_BYTES].decode(errors="ignore") or "video"


class _Object(BaseModel):
    category: str
    frames: list[str] = []


class _Video(BaseModel):
    objects: dict[Annotated[int, Field(ge=1, le=MAX_LABEL)], _Object]


class _Meta(BaseModel):
    videos: Annotated[dict[str, _Video], Field(min_length=1)]


_SCHEMA = TypeAdapter(_Meta)


def read(path: Path) -> VideoLabels:
    """Read a dataset of one video; masks are read on access.

    Raises
    ------
    ReadError
        If the folder does not have this format, or contains several videos.
    """
    meta = read_json(path / META, _SCHEMA, "Expected the objects of videos as JSON")
    if len(meta.videos) > 1:
        raise ReadError(
            f"Expected one video; {path / META} lists {len(meta.videos)}. Give the "
            f"folder of one video in {path / ANNOTATIONS}, in the format png."
        )
    ((name, video),) = meta.videos.items()
    if Path(name).name != name:
        raise ReadError(f"Expected the name of a folder; {META} has {name!r}.")
    labels = png.read(path / ANNOTATIONS / name)
    names = {label: item.category for label, item in video.objects.items()}
    return replace(labels, names=names | dict(labels.names))


def recognizes(path: Path) -> bool:
    """Return whether a folder has masks and the objects of videos."""
    return (path / META).is_file() and (path / ANNOTATIONS).is_dir()
