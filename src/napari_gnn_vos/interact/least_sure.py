"""Which frame to look at next, and to correct if it is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.structures.session import Session

ALWAYS = 0.05
"""Doubt in any frame: an answer tends to be surer than it is right."""


def least_sure(session: Session) -> Iterator[int]:
    """Tell which frames to look at, the one that is likeliest to be wrong first.

    An answer is doubted by the J that it expects itself, and by the root of how far
    away the next frame is that is drawn on, or that came before in this order.

    Parameters
    ----------
    session : Session
        With an answer.

    Yields
    ------
    frame : int
        Each that is not drawn on, once.

    Raises
    ------
    GnnVosError
        If there is no answer yet.
    """
    if session.prediction is None:
        raise GnnVosError("There is no answer yet to look at. Predict first.")
    expected = session.prediction.expected_j
    doubt = 1 - expected.mean(axis=1) + ALWAYS
    frames = np.arange(len(doubt))
    away = np.full(len(doubt), len(doubt))
    for seen in np.unique(session.painted_pixels.frame):
        away = np.minimum(away, np.abs(frames - seen))
    while away.any():
        t = int((doubt * np.sqrt(away)).argmax())
        yield t
        away = np.minimum(away, np.abs(frames - t))
