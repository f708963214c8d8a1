"""Split superpixels of a session: by strokes, and along predicted boundaries."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import validated
from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import single_threaded_torch, worker_threads
from napari_gnn_vos.interact.boundary_superpixels import boundary_superpixels
from napari_gnn_vos.interact.split_graph import (
    EmbedParts,
    RegionFunctions,
    SplitFrame,
    apply_split,
    flows_of_frame,
    split_frames,
)
from napari_gnn_vos.prepare.finer_superpixels import split_into_finer
from napari_gnn_vos.prepare.graph_construction import (
    build_frame_pair,
    graph_of_superpixels,
    mean_features,
)
from napari_gnn_vos.prepare.superpixel_pooling import pool_maps
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.structures.session import SESSION, Session

MAX_SPLIT_FRAMES = 240
"""Largest number of frames whose superpixels are split along boundaries. They are
held in memory, about 1.7 MB per frame of 480p."""


def split_by_strokes(session: Session, frames: Set[int]) -> Session:
    """Split superpixels with several labels on the given frames."""
    images, functions = _images(session), _region_functions(session)
    split = split_frames(session, frames, images, functions)
    if not split:
        return session

    # `apply_split` runs a thread per core; torch must not start more in each of them
    with single_threaded_torch():
        return apply_split(session, split, functions, _embed_function(session, images))


@validated(session=SESSION)
def split_at_boundaries(session: Session) -> Pipeline[Session]:
    """Split the superpixels along the boundaries of the latest prediction.

    Preparation merges superpixels without knowledge of the objects. Next to a predicted
    boundary, and where the prediction is uncertain, finer ones are used in the next
    round. In a video of more than `MAX_SPLIT_FRAMES` frames, only those nearest to
    the latest strokes are split.

    Parameters
    ----------
    session : Session

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
        The given one if it has no prediction, if it is split already, or if the
        settings do not select it. Labels do not change.
    """
    prediction = session.prediction
    if prediction is None or prediction.superpixels_split:
        return session
    if not session.config.coarse_to_fine:
        return session
    images, split = _images(session), {}
    frames = _frames_to_split(session)
    with worker_threads() as pool:
        results = pool.map(partial(_split_frame, session, images), frames)
        for number, (t, frame) in enumerate(zip(frames, results, strict=True)):
            yield Progress("split superpixels", number, len(frames))
            if frame is not None:
                split[t] = frame
    if split:
        session = apply_split(session, split, _region_functions(session), None)
    assert session.prediction is not None  # noqa: S101 - it was not None above
    return replace(
        session, prediction=replace(session.prediction, superpixels_split=True)
    )


def _frames_to_split(session: Session) -> list[int]:
    """List changed frames and, up to the limit, those nearest to the latest strokes."""
    count, latest = session.graph.shape[0], session.rounds[-1] if session.rounds else ()
    strokes = np.array([stroke.frame for stroke in latest] or [0])
    distance = np.abs(np.arange(count)[:, None] - strokes).min(axis=1)
    replaced = session.graph.replaced
    free = MAX_SPLIT_FRAMES - len(replaced)
    unchanged = [t for t in np.argsort(distance, kind="stable") if t not in replaced]
    return sorted([*replaced, *map(int, unchanged[: max(free, 0)])])


def _split_frame(session: Session, images: Sequence[Rgb], t: int) -> SplitFrame | None:
    assert session.prediction is not None  # noqa: S101 - by the caller
    frame, settings = session.graph.frames[t], session.config.prepare
    marked = boundary_superpixels(frame, session.prediction.probability[t])
    flows, objects = flows_of_frame(session, t), len(session.prediction.objects)
    split = split_into_finer(frame, marked, images[t], flows, settings, objects)
    if split is None:
        return None
    (changed, means), parents = split
    return SplitFrame(changed, means, parents)


def _images(session: Session) -> CachedSequence[Rgb]:
    """Return the images of all frames as they were prepared."""
    video, settings = session.working_video, session.config.prepare
    read = partial(video.rgb, denoise=settings.denoise)
    return CachedSequence(read, video.shape[0])


def _region_functions(session: Session) -> RegionFunctions:
    least_share = session.config.prepare.edges.least_share
    pair = partial(build_frame_pair, least_share=least_share)
    return RegionFunctions(graph_of_superpixels, mean_features, pair)


def _embed_function(session: Session, images: Sequence[Rgb]) -> EmbedParts | None:
    """Return the function that recomputes the appearance of parts; None if disabled."""
    settings = session.config.label_model
    if not (settings.enabled and settings.recompute_appearance):
        return None
    return partial(_embed_parts, images, session.config.prepare)


def _embed_parts(
    images: Sequence[Rgb],
    settings: PrepareSettings,
    t: int,
    frame: FrameGraph,
    parts: NDArray[np.bool_],
) -> NDArray[np.float16]:
    """Compute appearance, (n, A), exact for `parts`, from the image around them."""
    from napari_gnn_vos.model.backbone import embed_around
    from napari_gnn_vos.model.loading import load_backbone

    embed = load_backbone(settings.backbone)
    maps = embed_around(embed, images[t], parts[frame.labels])
    return pool_maps(maps, frame.labels)
