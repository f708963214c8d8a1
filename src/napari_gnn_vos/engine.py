"""The walk: start, annotate, predict. The only place that puts the rooms together."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.config import Config, PrepareSettings
from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.interact.evidence import Evidence, gather_evidence
from napari_gnn_vos.interact.harmonic import Diffusion
from napari_gnn_vos.interact.marks import mark
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.interact.paint import paint_session
from napari_gnn_vos.interact.sample_seeds import guess_background, sample_seeds
from napari_gnn_vos.interact.seed_paths import while_alike
from napari_gnn_vos.interact.spread_seeds import spread_seeds
from napari_gnn_vos.interact.strokes import add_ink
from napari_gnn_vos.interact.withdraw import withdraw
from napari_gnn_vos.io.graph_store import GraphStore, MemoryStore, open_graph
from napari_gnn_vos.prepare.describe import Embed
from napari_gnn_vos.prepare.desk import Callables
from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.prepare.flow import dis_flow
from napari_gnn_vos.prepare.node_features import NODE_NAMES
from napari_gnn_vos.prepare.pipeline import prepare
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.splitting import split_session
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from napari_gnn_vos.structures.lazy import Lazy
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.seeds import Seeds
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import Graph, VideoGraph

log = logging.getLogger(__name__)
Store = GraphStore | MemoryStore

INPUTS = (*NODE_NAMES, *INPUT_NAMES)
"""Node columns of a network: what never changes, then what strokes say."""


class Model(Protocol):
    """Whatever gives superpixels a probability; `model.registry.Predictor` does."""

    def __call__(
        self, graph: Graph, inputs: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """From a graph of N superpixels and (N, 8) inputs to (N,) probabilities."""


def start(
    video: Video,
    config: Config | None = None,
    cache: Path | None = None,
    around: int = 0,
) -> Pipeline[Session]:
    """Prepare a video, or open what was prepared before.

    Parameters
    ----------
    video : Video
        T frames of H x W pixels.
    config : Config, optional
        Settings of the session.
    cache : Path, optional
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
    from napari_gnn_vos.model.threads import none_inside

    quiet.enter_context(none_inside())
    return load_backbone(name)


def _graph_of(store: Store, video: Video, fingerprint: str) -> VideoGraph:
    count = video.shape[0]
    frames = Lazy(store.frame, count)
    counts = np.array([store.superpixels(t) for t in range(count)], np.int64)
    pairs = Lazy(store.pair, count - 1)
    return VideoGraph(
        frames, pairs, counts, NODE_NAMES, LINK_NAMES, video.shape, fingerprint
    )


def annotate(
    session: Session, scribbles: Sequence[Scribble], *, rng: Generator
) -> Session:
    """Add strokes: newer ones beat older ones, an eraser's take them back.

    Seeds are sampled and spread by flow, seeds proved wrong are withdrawn, and
    superpixels hit by several labels are split.

    Parameters
    ----------
    session : Session
    scribbles : sequence of Scribble
        On any frames, oldest first.
    rng : numpy.random.Generator
        Which pixels of the strokes become seeds.

    Returns
    -------
    session : Session
        The given one is left as it is.

    Raises
    ------
    ScribbleError
        If a stroke lies outside the video.
    """
    shape, settings = session.graph.shape, session.config.seeds
    ink = add_ink(session.ink, scribbles, shape)
    session = split_session(replace(session, ink=ink), {s.frame for s in scribbles})
    graph = session.graph
    drawn, spread = withdraw(graph.frames, ink, session.drawn, session.spread)
    new = sample_seeds(scribbles, shape, len(session.rounds) + 1, settings, rng=rng)
    if not session.rounds:
        guess = guess_background(ink, shape, settings, rng=rng)
        new = Seeds.join(new, guess)
    new = new.numbered(int(drawn.origin.max(initial=-1)) + 1)
    mine = new.take(new.turn > 0)
    carried = spread_seeds(mine, graph.pairs, shape, settings)
    look = carried, mine, settings.colour_change
    carried = while_alike(graph.frames, graph.node_names, *look)
    drawn, spread = Seeds.join(drawn, new), Seeds.join(spread, carried)
    drawn, spread = withdraw(graph.frames, ink, drawn, spread)
    rounds = (*session.rounds, tuple(scribbles))
    return replace(session, rounds=rounds, drawn=drawn, spread=spread)


def evidence(session: Session, graph: Graph) -> Evidence:
    """Gather all that strokes say of the superpixels of the whole video.

    Parameters
    ----------
    session : Session
    graph : Graph
        ``session.graph.window()``.

    Raises
    ------
    NoSeedsError
        If no object is drawn.
    """
    if not (session.ink.label > 0).any():
        raise NoSeedsError(
            "A prediction needs a stroke on an object; none is drawn. Draw one first."
        )
    frames = session.graph.frames
    marks = mark(frames, graph.first, session.ink, session.drawn, session.spread)
    settings = session.config.label_model
    about = Diffusion(graph), session.prediction, settings
    return gather_evidence(frames, graph.first, marks, *about)


def predict(session: Session, model: Model) -> Pipeline[Session]:
    """Label every frame of the video at once.

    Parameters
    ----------
    session : Session
        With a stroke on one object at least.
    model : Model
        From `load_model`.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
        With `prediction` and `labels`.

    Raises
    ------
    NoSeedsError
        If no object is drawn.
    """
    graph = session.graph.window()
    yield Progress("look at strokes", 0, 3)
    found = evidence(session, graph)
    chances = {}
    for label in found.objects:
        yield Progress("graph network", 1, 3)
        chances[label] = model(graph, found.inputs(label))
    prediction = one_vs_rest(chances, found)
    yield Progress("paint", 2, 3)
    labels = paint_session(session, prediction)
    yield Progress("paint", 3, 3)
    return replace(session, prediction=prediction, labels=labels)
