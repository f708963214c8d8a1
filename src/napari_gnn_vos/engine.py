"""The walk: start, annotate, predict. The only place that puts the rooms together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
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
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.interact.evidence import Evidence, gather_evidence
from napari_gnn_vos.interact.marks import mark
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.interact.paint import paint_frame
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
from napari_gnn_vos.progress import Glimpse, Pipeline, Progress
from napari_gnn_vos.splitting import split_session
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from napari_gnn_vos.structures.label_frames import LabelFrames, pack
from napari_gnn_vos.structures.lazy import Lazy
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.seeds import Seeds
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph

log = logging.getLogger(__name__)
Store = GraphStore | MemoryStore

F32 = NDArray[np.float32]
INPUTS = (*NODE_NAMES, *INPUT_NAMES)
"""Node columns of a network: what never changes, then what strokes say."""


class Model(Protocol):
    """Whatever gives superpixels a probability; `model.predictor.Predictor` does."""

    def __call__(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Answer some frames, one after the other.

        Parameters
        ----------
        graph : VideoGraph
        told : callable
            From the number of a frame to the (K, n, 8) inputs of K objects.
        frames : range

        Yields
        ------
        probability : (K, n) ndarray of float32
            Of the superpixels of the next frame, every object against the rest.
        """


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


def evidence(session: Session) -> Evidence:
    """Gather all that strokes say of the superpixels of the whole video.

    Parameters
    ----------
    session : Session

    Raises
    ------
    NoSeedsError
        If no object is drawn.
    """
    if not (session.ink.label > 0).any():
        raise NoSeedsError(
            "A prediction needs a stroke on an object; none is drawn. Draw one first."
        )
    graph = session.graph
    points = session.ink, session.drawn, session.spread
    marks = mark(graph.frames, graph.first, *points)
    settings = session.config.label_model
    return gather_evidence(graph, marks, session.prediction, settings)


def predict(
    session: Session, model: Model, *, first: int | None = None
) -> Pipeline[Session]:
    """Label every frame of the video at once.

    Parameters
    ----------
    session : Session
        With a stroke on one object at least.
    model : Model
        From `load_model`.
    first : int, optional
        Frame to answer before all others, as a `Glimpse` among the steps.

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
    count = session.graph.shape[0]
    yield Progress("look at strokes", 0, count)
    found = evidence(session)
    if first is not None:
        only = range(count)[first]
        (rows,) = _answer(model, session, found, range(only, only + 1))
        painted = paint_frame(session, only, rows, found.objects)
        yield Glimpse("label", 0, count, only, painted)

    def paint(t: int, rows: F32) -> bytes:
        return pack(paint_frame(session, t, rows, found.objects))

    probability, packed = [], []
    with ThreadPoolExecutor(cores()) as pool:
        for t, rows in enumerate(_answer(model, session, found, range(count))):
            probability.append(rows)
            packed.append(pool.submit(paint, t, rows))
            yield Progress("label", t, count)
        frames = LabelFrames(session.graph.shape, (done.result() for done in packed))
    yield Progress("label", count, count)
    prediction = Prediction(found.objects, tuple(probability), str(model))
    return replace(session, prediction=prediction, painted=frames)


def _answer(
    model: Model, session: Session, found: Evidence, frames: range
) -> Iterator[F32]:
    """Ask a model, and put the answers for all objects together; (n, K) a frame."""
    answers = model(session.graph, found.inputs, frames)
    for t, chances in zip(frames, answers, strict=True):
        drawn = found.marks.drawn[found.rows(t)]
        yield one_vs_rest(chances, drawn, found.objects)
