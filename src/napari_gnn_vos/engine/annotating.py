"""From strokes to seeds, on a graph that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from numpy.random import Generator

from napari_gnn_vos.engine.splitting import split_session
from napari_gnn_vos.interact.discard_contradicted import discard_contradicted
from napari_gnn_vos.interact.guess_background import guess_background, unlike_objects
from napari_gnn_vos.interact.propagate_seeds import propagate_seeds
from napari_gnn_vos.interact.sample_seeds import sample_seeds
from napari_gnn_vos.interact.seed_paths import while_alike
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.seeds import Seeds
from napari_gnn_vos.structures.session import Session


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
    painted_pixels = paint_scribbles(session.painted_pixels, scribbles, shape)
    session = split_session(
        replace(session, painted_pixels=painted_pixels), {s.frame for s in scribbles}
    )
    graph = session.graph
    drawn, propagated = discard_contradicted(
        graph.frames, painted_pixels, session.drawn_seeds, session.propagated_seeds
    )
    new = sample_seeds(scribbles, shape, len(session.rounds) + 1, settings, rng=rng)
    if not session.rounds:
        guess = guess_background(painted_pixels, shape, settings, rng=rng)
        guess = unlike_objects(
            graph.frames, guess, painted_pixels, settings.excluded_share
        )
        new = Seeds.join(new, guess)
    new = new.numbered(int(drawn.origin.max(initial=-1)) + 1)
    mine = new.take(new.round_index > 0)
    carried = propagate_seeds(mine, graph.pairs, shape, settings)
    look = carried, mine, settings.colour_change
    carried = while_alike(graph.frames, graph.node_feature_names, *look)
    drawn, propagated = Seeds.join(drawn, new), Seeds.join(propagated, carried)
    drawn, propagated = discard_contradicted(
        graph.frames, painted_pixels, drawn, propagated
    )
    rounds = (*session.rounds, tuple(scribbles))
    return replace(
        session, rounds=rounds, drawn_seeds=drawn, propagated_seeds=propagated
    )
