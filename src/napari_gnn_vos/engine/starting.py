"""Prepare the superpixel graph of a video, or open it from the cache."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from napari_gnn_vos.arguments import instance, integer, validated, wrong_type
from napari_gnn_vos.config import Config, PrepareSettings
from napari_gnn_vos.hardware import single_threaded_torch
from napari_gnn_vos.io.graph_store import GraphStore, MemoryStore, open_graph
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.flow import FLOW_METHODS
from napari_gnn_vos.prepare.frame_scheduler import FrameModels
from napari_gnn_vos.prepare.graph_construction import Embed
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.prepare.pipeline import prepare
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.storage import StoragePath, as_storage_path
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Frames, Video
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.structures.working_video import reduced_video, working_shape

log = logging.getLogger(__name__)
Store = GraphStore | MemoryStore
INPUTS = (*NODE_FEATURE_NAMES, *NODE_INPUT_NAMES)
"""Names of all node features of a network: of the video, then of the annotation."""


def _as_video(name: str, value: Any) -> Video:
    if isinstance(value, Video):
        return value
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return Video.from_array(value)
    advice = "Open a file with read_video, or pass an array to Video.from_array."
    raise wrong_type(name, "a Video", value, advice)


@validated(
    video=_as_video,
    config=instance(Config, optional=True, advice="Use Config() or Config.at()."),
    cache=as_storage_path,
    around=integer(),
)
def start(
    video: Video | Frames,
    config: Config | None = None,
    cache: str | StoragePath | None = None,
    around: int = 0,
) -> Pipeline[Session]:
    """Start a session: prepare the graph of a video, or open it from the cache.

    Parameters
    ----------
    video : Video or array-like
        T frames of H x W pixels. `Video.from_array` is applied to an array.
    config : Config, optional
        Settings of the session.
    cache : str, Path or UPath, optional
        Folder of prepared graphs, or a URL that fsspec supports, with one folder per
        video and settings. Interrupted preparation continues with the frames that are
        missing. Without a cache the graph stays in memory.
    around : int
        Index of the frame that is prepared first; frames near it follow first.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
        Without strokes.

    Raises
    ------
    VideoError
        If a frame cannot be used.
    ReadError
        If a frame cannot be read.
    SettingsError
        If the protocol of a URL is not known.
    ArgumentError
        If an argument has a wrong type.
    """
    video, config = _as_video("video", video), config or Config()
    working = reduced_video(
        video, working_shape(video.shape, config.prepare.max_pixels)
    )
    pixels = yield from video.compute_fingerprint()
    fingerprint = f"{pixels}-{config.prepare.digest()}"
    if working is not video:
        fingerprint += "-{1}x{2}".format(*working.shape)
    location = as_storage_path("cache", cache)
    folder = location / fingerprint if location else None
    graph = open_graph(folder) if folder else None
    if graph is None:
        store = GraphStore(folder, video.shape[0]) if folder else MemoryStore()
        yield from _prepare(working, config.prepare, store, around)
        graph = _open_store(store, working, fingerprint)
        if isinstance(store, GraphStore):
            store.finish(graph)
    log.info("%s: %d superpixels on %d frames", video.name, graph.n, video.shape[0])
    return Session(video, graph, config)


def _prepare(
    video: Video, settings: PrepareSettings, store: Store, around: int
) -> Pipeline[None]:
    """Prepare all frames; torch and the backbone are loaded while flow is computed.

    If the preparation is cancelled, loading ends later in its thread.
    """
    flow = partial(FLOW_METHODS[settings.flow], quality=settings.quality)
    thread_limit, loader = ExitStack(), ThreadPoolExecutor(1)
    backbone = loader.submit(_load_backbone, settings.backbone, thread_limit)
    loader.shutdown(wait=False)
    models = FrameModels(flow, lambda image: backbone.result()(image))
    try:
        yield from prepare(video, settings, models, store, around)
    finally:
        backbone.add_done_callback(lambda _: thread_limit.close())


def _load_backbone(name: str, thread_limit: ExitStack) -> Embed:
    """Load a backbone and limit torch to one thread until `thread_limit` closes."""
    from napari_gnn_vos.model.loading import load_backbone

    thread_limit.enter_context(single_threaded_torch())
    return load_backbone(name)


def _open_store(store: Store, video: Video, fingerprint: str) -> VideoGraph:
    """Create the graph whose frames and pairs are read from a store on access."""
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
