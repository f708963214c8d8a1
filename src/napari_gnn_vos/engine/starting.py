"""From a video to a session: prepared, or opened if it was before."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_gnn_vos.config import Config, PrepareSettings
from napari_gnn_vos.io.graph_store import GraphStore, MemoryStore, open_graph
from napari_gnn_vos.prepare.describe import Embed
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.flow import dis_flow
from napari_gnn_vos.prepare.frame_scheduler import Callables
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.prepare.pipeline import prepare
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph

if TYPE_CHECKING:
    from napari_gnn_vos.storage import StoragePath

log = logging.getLogger(__name__)
Store = GraphStore | MemoryStore
INPUTS = (*NODE_FEATURE_NAMES, *NODE_INPUT_NAMES)
"""Node columns of a network: what never changes, then what strokes say."""


def start(
    video: Video,
    config: Config | None = None,
    cache: StoragePath | None = None,
    around: int = 0,
) -> Pipeline[Session]:
    """Prepare a video, or open what was prepared before.

    Parameters
    ----------
    video : Video
        T frames of H x W pixels.
    config : Config, optional
        Settings of the session.
    cache : Path or UPath, optional
        Folder for prepared graphs, one folder a video and settings. Work that was
        stopped goes on where it stopped. Without it the graph stays in memory.
    around : int
        Frame to begin at, for one who wants to see it first.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
        With nothing drawn.

    Raises
    ------
    VideoError
        If a frame cannot be used.
    ReadError
        If a frame cannot be read.
    """
    config = config or Config()
    fingerprint = f"{video.fingerprint()}-{config.prepare.digest()}"
    folder = cache / fingerprint if cache else None
    graph = open_graph(folder) if folder else None
    if graph is None:
        store = GraphStore(folder, video.shape[0]) if folder else MemoryStore()
        yield from _prepare(video, config.prepare, store, around)
        graph = _graph_of(store, video, fingerprint)
        if isinstance(store, GraphStore):
            store.finish(graph)
    log.info("%s: %d superpixels on %d frames", video.name, graph.n, video.shape[0])
    return Session(video, graph, config)


def _prepare(
    video: Video, settings: PrepareSettings, store: Store, around: int
) -> Pipeline[None]:
    """Prepare with the networks of the settings; the first flow needs none of torch."""
    flow = partial(dis_flow, quality=settings.quality)
    with ExitStack() as quiet, ThreadPoolExecutor(1) as loader:
        backbone = loader.submit(_backbone, settings.backbone, quiet)
        nets = Callables(flow, lambda picture: backbone.result()(picture))
        yield from prepare(video, settings, nets, store, around)


def _backbone(name: str, quiet: ExitStack) -> Embed:
    """Load a backbone and let torch add no threads until `quiet` ends."""
    from napari_gnn_vos.model.registry import load_backbone
    from napari_gnn_vos.model.threads import single_threaded_torch

    quiet.enter_context(single_threaded_torch())
    return load_backbone(name)


def _graph_of(store: Store, video: Video, fingerprint: str) -> VideoGraph:
    count = video.shape[0]
    frames = CachedSequence(store.frame, count)
    counts = np.array([store.superpixels(t) for t in range(count)], np.int64)
    pairs = CachedSequence(store.pair, count - 1)
    return VideoGraph(
        frames,
        pairs,
        counts,
        NODE_FEATURE_NAMES,
        EDGE_FEATURE_NAMES,
        video.shape,
        fingerprint,
    )
