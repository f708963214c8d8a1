"""Add strokes to a session: sample and propagate seeds, split mixed superpixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from numpy.random import Generator, default_rng

from napari_gnn_vos.arguments import generator, instance, sequence_of, validated
from napari_gnn_vos.engine.splitting import split_at_boundaries, split_by_strokes
from napari_gnn_vos.errors import NoSeedsError, ScribbleError
from napari_gnn_vos.interact.seed_filtering import (
    discard_contradicted,
    truncate_at_colour_change,
)
from napari_gnn_vos.interact.seed_propagation import propagate_seeds
from napari_gnn_vos.interact.seed_sampling import (
    discard_similar_to_objects,
    is_filled_by_objects,
    sample_presumed_background,
    sample_seeds,
)
from napari_gnn_vos.interact.strokes import paint_scribbles, scale_scribble
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from napari_gnn_vos.structures.session import SESSION, Session
from napari_gnn_vos.structures.video import Video

SCRIBBLES = sequence_of(
    Scribble,
    "Make strokes with Scribble(frame, label, path), or read them with read_strokes.",
    ScribbleError,
)
"""Check of an argument that is one or several strokes."""


@validated(session=SESSION, scribbles=SCRIBBLES, rng=generator)
def annotate(
    session: Session,
    scribbles: Iterable[Scribble] | Scribble,
    *,
    rng: Generator | int | None,
) -> Session:
    """Add the strokes of one round.

    A newer stroke replaces older ones where they overlap; a stroke of the eraser
    removes them. Seeds are sampled from the strokes and propagated along optical flow,
    seeds that contradict the strokes are discarded, superpixels along the predicted
    boundaries are split, and superpixels with strokes of several labels are split.

    Parameters
    ----------
    session : Session
    scribbles : iterable of Scribble, or Scribble
        On any frames, oldest first.
    rng : numpy.random.Generator, or int
        Selects the pixels of the strokes that become seeds. An integer is the seed of a
        new generator; with None the result differs from call to call.

    Returns
    -------
    session : Session
        A new session; the given one does not change.

    Raises
    ------
    ScribbleError
        If a stroke lies outside the video, or is no `Scribble`.
    ArgumentError
        If another argument has a wrong type.
    """
    scribbles = (scribbles,) if isinstance(scribbles, Scribble) else tuple(scribbles)
    rng = default_rng(rng)
    shape, frames = session.video.shape, {s.frame for s in scribbles}
    painted_pixels = paint_scribbles(session.painted_pixels, scribbles, shape)
    session = drain(split_at_boundaries(session))
    session = split_by_strokes(replace(session, painted_pixels=painted_pixels), frames)
    graph, painted_pixels = session.graph, session.graph_pixels
    drawn, propagated = discard_contradicted(
        graph.frames, painted_pixels, session.drawn_seeds, session.propagated_seeds
    )
    new_seeds = _sample_seeds(session, scribbles, rng)
    new_seeds = new_seeds.numbered(int(drawn.origin.max(initial=-1)) + 1)
    drawn = Seeds.concatenate(drawn, new_seeds)
    propagated = Seeds.concatenate(propagated, _propagate(session, new_seeds))
    drawn, propagated = discard_contradicted(
        graph.frames, painted_pixels, drawn, propagated
    )
    rounds = (*session.rounds, scribbles)
    return replace(
        session, rounds=rounds, drawn_seeds=drawn, propagated_seeds=propagated
    )


@validated(scribbles=SCRIBBLES, video=instance(Video))
def check_strokes(scribbles: Iterable[Scribble], video: Video) -> None:
    """Check that a video can be predicted from strokes, before it is prepared.

    Parameters
    ----------
    scribbles : iterable of Scribble
        Strokes of the first round, oldest first.
    video : Video

    Raises
    ------
    ScribbleError
        If a stroke lies outside the video, or is no `Scribble`.
    NoSeedsError
        If no object has a stroke.
    """
    none = PaintedPixels.empty()
    require_object(paint_scribbles(none, tuple(scribbles), video.shape))


def require_object(painted_pixels: PaintedPixels) -> None:
    """Raise NoSeedsError if no object has a stroke."""
    if not (painted_pixels.label > 0).any():
        raise NoSeedsError(
            "A prediction needs a stroke on an object; none is drawn. Draw one first."
        )


def _sample_seeds(
    session: Session, scribbles: Sequence[Scribble], rng: Generator
) -> Seeds:
    """Sample seeds from new strokes and, in the first round, presumed background."""
    graph, painted_pixels = session.graph, session.graph_pixels
    settings, round_index = session.config.seeds, len(session.rounds) + 1
    shapes = session.video.shape, graph.shape
    scribbles = [scale_scribble(scribble, *shapes) for scribble in scribbles]
    seeds = sample_seeds(scribbles, graph.shape, round_index, settings, rng=rng)
    if session.rounds or is_filled_by_objects(
        graph.frames, graph.node_feature_names, painted_pixels
    ):
        return seeds
    background = sample_presumed_background(
        painted_pixels, graph.shape, settings, rng=rng
    )
    background = discard_similar_to_objects(
        graph.frames, background, painted_pixels, settings.excluded_share
    )
    return Seeds.concatenate(seeds, background)


def _propagate(session: Session, seeds: Seeds) -> Seeds:
    """Propagate seeds of strokes while flow and colour are consistent."""
    graph, settings = session.graph, session.config.seeds
    sampled = seeds.take(seeds.round_index > 0)
    propagated = propagate_seeds(sampled, graph.pairs, graph.shape, settings)
    return truncate_at_colour_change(
        graph.frames,
        graph.node_feature_names,
        propagated,
        sampled,
        settings.colour_change,
    )
