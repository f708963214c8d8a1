"""Where the path of a spread seed must end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.seeds import Seeds

F32 = NDArray[np.float32]
COLOUR = ("l", "a", "b")
CHROMA = 2.0
"""Weight of a and b beside L: shadows change lightness, objects change colour."""


def up_to(wrong: NDArray[np.bool_], spread: Seeds, drawn: Seeds) -> NDArray[np.bool_]:
    """Tell which seeds are nearer to their origin than the first that is wrong.

    Parameters
    ----------
    wrong : (S,) ndarray of bool
        Spread seeds that are known to be wrong.
    spread : Seeds
        S seeds on other frames than their own.
    drawn : Seeds
        Where they come from.

    Returns
    -------
    right : (S,) ndarray of bool
        False for the wrong ones, and from there on away from their origin.
    """
    count = int(max(drawn.origin.max(initial=0), spread.origin.max(initial=0))) + 1
    home = np.zeros(count, np.int64)
    home[drawn.origin] = drawn.frame
    step = spread.frame - home[spread.origin]
    right = ~wrong
    for side in (1, -1):
        limit = np.full(count, np.iinfo(np.int64).max)
        there = wrong & (step * side > 0)
        np.minimum.at(limit, spread.origin[there], np.abs(step[there]))
        right &= (step * side <= 0) | (np.abs(step) < limit[spread.origin])
    return right


def while_alike(
    frames: Sequence[FrameGraph],
    names: tuple[str, ...],
    spread: Seeds,
    drawn: Seeds,
    most: float,
) -> Seeds:
    """Take back spread seeds from where the colour below them changes.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    names : tuple of str
        Names of the superpixels' features.
    spread : Seeds
    drawn : Seeds
        Where they come from; every origin is there.
    most : float
        Difference of mean colour, of the whole range of CIELAB, that is no change.

    Returns
    -------
    spread : Seeds
        Flow along the border of an object carries a seed from the object to what lies
        beside it; colour tells.
    """
    if not len(spread):
        return spread
    columns = [names.index(name) for name in COLOUR]
    count = int(drawn.origin.max()) + 1
    at_home = np.zeros((count, len(columns)), np.float32)
    at_home[drawn.origin] = _look(frames, columns, drawn)
    far = _look(frames, columns, spread) - at_home[spread.origin]
    far *= np.array([1, CHROMA, CHROMA], np.float32)
    changed = np.linalg.norm(far, axis=1) > most
    return spread.take(up_to(changed, spread, drawn))


def _look(frames: Sequence[FrameGraph], columns: list[int], seeds: Seeds) -> F32:
    """Features of the superpixels below seeds, (S, len(columns))."""
    out = np.zeros((len(seeds), len(columns)), np.float32)
    for t in np.unique(seeds.frame):
        frame, here = frames[int(t)], seeds.frame == t
        below = frame.below(seeds.row[here], seeds.col[here])
        out[here] = frame.node_features[below][:, columns]
    return out
