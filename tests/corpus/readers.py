"""Files of other readers: label formats, scribbles, graphs, checkpoints, projects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from napari_gnn_vos.config import Config
from napari_gnn_vos.io.davis_scribbles import read_davis_scribbles
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.registry import FORMATS
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.graph_store import GraphStore, open_graph
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.model.checkpoint import (
    CheckpointMetadata,
    build,
    load_checkpoint,
    save_checkpoint,
)
from napari_gnn_vos.structures.project import VideoReference
from tests.corpus.sample import FRAMES, HEIGHT, WIDTH, Sample
from tests.scenes import random_graph

Reader = Callable[[Path], object]
SHAPE = FRAMES, HEIGHT, WIDTH
LABEL_FAMILIES = {
    name: tuple(each for each in FORMATS if each.read and each.name in names)
    for name, names in {
        "label-tiff": ("tiff", "ome-tiff", "imagej"),
        "coco": ("coco",),
        "label-studio": ("label-studio",),
        "cvat": ("cvat-images", "cvat-video"),
        "label-zarr": ("ome-zarr", "ome-zarr-0.5"),
        "mask-video": ("mask-video",),
        "label-folder": ("ctc", "youtube-vos", "png"),
    }.items()
}
"""Label formats of each family, which the seed of a file selects from."""


def label_images() -> Iterator[np.ndarray]:
    """Yield label images of two objects that overlap the border."""
    for t in range(FRAMES):
        labels = np.zeros((HEIGHT, WIDTH), np.uint8)
        labels[4 : 14 + t, :12], labels[20:, 30 - t :] = 1, 7
        yield labels


def label_samples(family: str) -> Iterator[Sample]:
    """Yield a file of each label format of a family."""
    for each in LABEL_FAMILIES[family]:
        suffix = each.suffixes[0] if each.suffixes else ""
        labels = VideoLabels(list(label_images()), names={1: "cat", 7: "dög"})
        write = partial(export_labels, labels, format_name=each.name)
        yield Sample(f"{each.name}{suffix}", write)
    for name, text in OTHER_LABELS.get(family, {}).items():
        yield Sample(name, partial(Path.write_text, data=text))


_POLYGON = (
    '<polygon keyframe="1" frame="{}" outside="{}" points="{},1;9,{};12,9"></polygon>'
)
OTHER_LABELS = {
    "cvat": {
        "keyframes.xml": "<annotations><meta><task><size>9</size><stop_frame>16"
        "</stop_frame><frame_filter>step=2</frame_filter><original_size><width>20"
        "</width><height>18</height></original_size></task></meta>"
        '<track id="0" label="cat">'
        + "".join(_POLYGON.format(4 * k, int(k == 3), k, 2 * k) for k in range(4))
        + "</track></annotations>"
    },
    "coco": {
        "images.json": '{"images": [{"id": 4, "file_name": "b10.png", "height": 18, '
        '"width": 20}, {"id": 5, "file_name": "b9.png", "height": 18, "width": 20}], '
        '"categories": [{"id": 1, "name": "cat"}], "annotations": [{"id": 1, '
        '"image_id": 4, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 7.5]]}, '
        '{"id": 2, "image_id": 5, "category_id": 1, "segmentation": {"size": [18, 20], '
        '"counts": [30, 9, 321]}, "attributes": {"track_id": 3}}]}'
    },
}
"""Files of label formats as other programs write them, by family."""


def read_labels(path: Path) -> int:
    """Read all label images; return their number."""
    labels = import_labels(path)
    return sum(1 for _ in VideoLabels(labels.frames).frames)


def scribble_samples() -> Iterator[Sample]:
    """Yield a file of scribbles in the format of DAVIS."""
    text = (
        '{"sequence": "clip", "scribbles": [[{"path": [[0.1, 0.2], [0.5, 0.6]], '
        '"object_id": 1, "start_time": 0, "end_time": 9}]' + ", []" * 5 + "]}"
    )
    yield Sample("scribbles.json", lambda path: path.write_text(text))


def config_samples() -> Iterator[Sample]:
    """Yield a file of settings."""
    yield Sample("settings.toml", Config().write)


def graph_samples() -> Iterator[Sample]:
    """Yield the folder of a prepared graph."""
    yield Sample("graph", write_graph)


def write_graph(folder: Path) -> None:
    """Store a small graph."""
    graph = random_graph(np.random.default_rng(0), frames=3)
    store = GraphStore(folder, 3)
    for t, frame in enumerate(graph.frames):
        store.put(t, frame, graph.pairs[t] if t < 2 else None)
    store.finish(graph)


def read_graph(folder: Path) -> str:
    """Open a graph and read all frames; a damaged one is prepared again."""
    graph = open_graph(folder)
    if graph is None:
        return "prepared again"
    frames = [graph.frames[t] for t in range(graph.shape[0])]
    pairs = [graph.pairs[t] for t in range(graph.shape[0] - 1)]
    return f"{len(frames)} frames, {len(pairs)} pairs"


def checkpoint_samples() -> Iterator[Sample]:
    """Yield the checkpoint of a small network."""
    yield Sample("network.safetensors", write_checkpoint)


def write_checkpoint(path: Path) -> None:
    """Save a small network with random weights."""
    metadata = CheckpointMetadata(("l", "drawn"), ("delta_l",), 8, 2, {"seed": 0})
    save_checkpoint(path, build(metadata).state_dict(), metadata)


def project_samples() -> Iterator[Sample]:
    """Yield a project as a folder and as a file."""
    for name in ("project", "project.gnnvos"):
        yield Sample(name, write_project)


def write_project(path: Path) -> None:
    """Save a project with strokes."""
    log = ProjectLog(SHAPE)
    canvas = np.zeros((HEIGHT, WIDTH), np.uint8)
    canvas[3:6, 4:30] = 1
    log.record_canvas("brush", 2, canvas)
    Project(VideoReference("clip", SHAPE), log).save(path)


READERS: dict[str, Reader] = {
    **dict.fromkeys(LABEL_FAMILIES, read_labels),
    "scribbles": partial(read_davis_scribbles, shape=SHAPE),
    "settings": Config.read,
    "graph": read_graph,
    "checkpoint": load_checkpoint,
    "project": Project.open,
}
SAMPLES: dict[str, Callable[[], Iterator[Sample]]] = {
    **{name: partial(label_samples, name) for name in LABEL_FAMILIES},
    "scribbles": scribble_samples,
    "settings": config_samples,
    "graph": graph_samples,
    "checkpoint": checkpoint_samples,
    "project": project_samples,
}
