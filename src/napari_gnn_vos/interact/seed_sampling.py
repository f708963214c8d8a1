"""Sample seeds from strokes, and background seeds away from objects (paper, III-C)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.seed_filtering import COLOUR_FEATURES
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.scribbles import BACKGROUND, ERASED, Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds

F32 = NDArray[np.float32]
MAX_CLEARANCE = 0.6
"""Upper limit of the clearance, as a fraction of the largest distance in the frame."""
UNIFORM_COLOUR = 0.016
"""Largest colour difference inside an object that fills the frame: 4 of 255."""


def sample_seeds(
    scribbles: Sequence[Scribble],
    shape: tuple[int, int, int],
    round_index: int,
    settings: SeedSettings,
    *,
    rng: Generator,
) -> Seeds:
    """Sample seeds uniformly from the pixels of new strokes.

    Parameters
    ----------
    scribbles : sequence of Scribble
        Strokes of one round. Strokes of the eraser give no seeds.
    shape : (int, int, int)
        T, H and W of the video.
    round_index : int
        Index of the round, from 1.
    settings : SeedSettings
        `per_label` seeds are sampled per label, in proportion to the number of pixels
        of its strokes and at least one per stroke.
    rng : numpy.random.Generator

    Returns
    -------
    seeds : Seeds
        With `origin` numbered from 0.
    """
    strokes: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}
    for scribble in scribbles:
        if scribble.label != ERASED:
            stroke = scribble.frame, rasterise(scribble, shape)
            strokes.setdefault(scribble.label, []).append(stroke)
    sampled = []
    for label, label_strokes in sorted(strokes.items()):
        total = sum(len(pixels) for _, pixels in label_strokes)
        for frame, pixels in label_strokes:
            share = round(settings.per_label * len(pixels) / total)
            count = min(len(pixels), max(1, share))
            chosen = pixels[rng.choice(len(pixels), count, replace=False)]
            sampled.append(Seeds.at(frame, chosen, label, round_index))
    return Seeds.concatenate(Seeds.empty(), *sampled).numbered(0)


def sample_presumed_background(
    painted_pixels: PaintedPixels,
    shape: tuple[int, int, int],
    settings: SeedSettings,
    *,
    rng: Generator,
) -> Seeds:
    """Sample pixels far from all strokes on objects, as presumed background.

    Parameters
    ----------
    painted_pixels : PaintedPixels
        Pixels labelled by strokes.
    shape : (int, int, int)
        T, H and W of the video.
    settings : SeedSettings
        `background` seeds are sampled, at least `clearance` pixels from each stroke on
        their frame; less where no pixel of the frame is that far away.
    rng : numpy.random.Generator

    Returns
    -------
    seeds : Seeds
        With `round_index` 0, on the frames that have strokes on objects.

    Notes
    -----
    The label model needs them even if background strokes exist, because one stroke
    covers little of the variety of the background. Some of the seeds may lie on a large
    object. Therefore only the label model uses them, and a stroke on their superpixel
    removes them.
    """
    objects = painted_pixels.take(painted_pixels.label != BACKGROUND)
    if not len(objects):
        return Seeds.empty()
    sampled = []
    frames = np.unique(objects.frame)
    for frame in frames:
        unpainted = np.ones(shape[1:], bool)
        on_frame = objects.frame == frame
        unpainted[objects.row[on_frame], objects.col[on_frame]] = False
        distance = distance_transform_edt(unpainted)
        clearance = min(settings.clearance, MAX_CLEARANCE * float(distance.max()))
        pixels = np.argwhere(distance >= clearance)
        count = min(len(pixels), -(-settings.background // len(frames)))
        chosen = pixels[rng.choice(len(pixels), count, replace=False)]
        sampled.append(Seeds.at(int(frame), chosen, BACKGROUND, 0))
    return Seeds.concatenate(Seeds.empty(), *sampled).numbered(0)


def discard_similar_to_objects(
    frames: Sequence[FrameGraph],
    background: Seeds,
    painted_pixels: PaintedPixels,
    fraction: float,
) -> Seeds:
    """Discard the presumed background seeds with the appearance closest to objects.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    background : Seeds
        Presumed background, on frames with strokes on objects.
    painted_pixels : PaintedPixels
        Pixels labelled by strokes. Nothing is discarded on frames with a background
        stroke.
    fraction : float
        Fraction of the seeds of each frame to discard, 0 to 1.

    Returns
    -------
    background : Seeds

    Notes
    -----
    If a large object has a short stroke, some presumed background lies on the object
    itself. There the deep features are close to those under the stroke.
    """
    kept = np.ones(len(background), bool)
    for t in np.unique(background.frame):
        on_frame = np.flatnonzero(background.frame == t)
        painted = painted_pixels.take(painted_pixels.frame == t)
        if (painted.label == BACKGROUND).any():
            continue
        frame = frames[int(t)]
        nodes = frame.nodes_at(background.row[on_frame], background.col[on_frame])
        painted_nodes = np.unique(frame.nodes_at(painted.row, painted.col))
        distance = _nearest_distance(frame, nodes, painted_nodes)
        order = np.argsort(distance, kind="stable")
        kept[on_frame[order[: round(fraction * len(on_frame))]]] = False
    return background.take(kept)


def is_filled_by_objects(
    frames: Sequence[FrameGraph],
    names: tuple[str, ...],
    painted_pixels: PaintedPixels,
) -> bool:
    """Return whether all superpixels have the colour of a painted object.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    names : tuple of str
        Names of the node features.
    painted_pixels : PaintedPixels
        Pixels labelled by strokes.

    Returns
    -------
    filled : bool
        False if background is painted. Otherwise whether no superpixel of a frame with
        strokes differs by more than `UNIFORM_COLOUR` in L, a or b from the nearest
        painted superpixel. Then nothing indicates that there is background.
    """
    if not len(painted_pixels) or (painted_pixels.label == BACKGROUND).any():
        return False
    columns = [names.index(name) for name in COLOUR_FEATURES]
    for t in np.unique(painted_pixels.frame):
        painted, frame = painted_pixels.take(painted_pixels.frame == t), frames[int(t)]
        colours = frame.node_features[:, columns]
        nodes = np.unique(frame.nodes_at(painted.row, painted.col))
        differences = [abs(colours - colours[node]).max(axis=1) for node in nodes]
        if np.min(differences, axis=0).max() > UNIFORM_COLOUR:
            return False
    return True


def _nearest_distance(
    frame: FrameGraph, nodes: NDArray[np.uint16], references: NDArray[np.uint16]
) -> F32:
    """Compute the mean squared difference to the nearest reference, per node, (n,)."""
    appearance = frame.appearance.astype(np.float32)
    distances = np.stack(
        [((appearance[nodes] - appearance[k]) ** 2).mean(axis=1) for k in references]
    )
    nearest: F32 = distances.min(axis=0)
    return nearest
