"""A round on two tiny frames, so that the first real one need not load anything."""

from __future__ import annotations

from functools import cache
from threading import Thread, main_thread

import numpy as np

from napari_gnn_vos.progress import Progress


@cache
def warm_up_in_thread() -> Thread:
    """Load what a round needs while others work; once, however often it is called.

    Compiled kernels, the label model and the network take seconds to load, which a
    person who paints the first strokes does not notice.

    Returns
    -------
    thread : Thread
        In which it is done.
    """
    thread = Thread(target=_rehearse_while_open, name="rehearsal")
    thread.start()
    return thread


def _rehearse_while_open() -> None:
    """End without a word where the window is closed meanwhile."""
    try:
        rehearse()
    except Exception:
        if main_thread().is_alive():
            raise


def _while_open(_step: Progress) -> None:
    if not main_thread().is_alive():
        raise SystemExit  # of this thread alone


def rehearse() -> None:
    """Prepare two frames, draw two strokes, and answer."""
    from napari_gnn_vos.engine import annotate, predict, start
    from napari_gnn_vos.model.registry import load_model
    from napari_gnn_vos.progress import drain
    from napari_gnn_vos.structures.scribbles import Scribble
    from napari_gnn_vos.structures.video import Video

    frames = np.full((2, 48, 64, 3), 40, np.uint8)
    frames[:, 12:36, 16:40] = 200
    drawn = (
        Scribble(0, 1, np.array([[16, 20], [32, 36]])),
        Scribble(0, 0, np.array([[4, 4], [4, 60]])),
    )
    session = drain(start(Video(frames, name="rehearsal")), _while_open)
    session = annotate(session, drawn, rng=np.random.default_rng(0))
    drain(predict(session, load_model(), first=0), _while_open)
