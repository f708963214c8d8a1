"""Sample videos with exact truth, composed of photographs; nothing is fetched."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.cutouts import Picture, photograph
from napari_gnn_vos.io.photo_sprites import MOST_OBJECTS, PhotoSprite, cast_actors
from napari_gnn_vos.structures.video import Video

SERIES = 75
"""Of all series of scenes, one that begins with a handsome one: the sample data."""
BACKDROPS = {
    "rocket.jpg": (1.0, 1.0, 1.0),
    "hubble_deep_field.jpg": (1.0, 1.0, 1.0),
    "motorcycle_left.png": (0.8, 0.85, 0.9),
    "ihc.png": (1.0, 1.0, 1.0),
    "grass.png": (0.75, 1.05, 0.45),
    "gravel.png": (1.15, 1.0, 0.8),
    "brick.png": (1.2, 0.75, 0.6),
}
"""Photographs behind the objects, and what their red, green and blue are scaled by."""


def compose_scene(
    seed: int = 0,
    frames: int = 40,
    shape: tuple[int, int] = (240, 426),
    objects: int = 2,
) -> tuple[Video, NDArray[np.uint8]]:
    """Compose a video of objects that move, turn and cover each other.

    Parameters
    ----------
    seed : int
        0 or more. The same seed gives the same scene; another one other objects,
        another background and other ways to go.
    frames : int
        Number of frames T, 2 or more.
    shape : (int, int)
        Height H and width W in pixels, 32 or more each.
    objects : int
        1 to 5.

    Returns
    -------
    video : Video
        (T, H, W, 3) uint8, in memory.
    truth : (T, H, W) ndarray of uint8
        The object that covers at least half of each pixel, 1 the rearmost; 0 is
        background. Every object shows in the first frame.

    Raises
    ------
    SettingsError
        If a number is out of its range.
    """
    fits = frames >= 2 and min(shape) >= 32 and seed >= 0
    if not (fits and 1 <= objects <= MOST_OBJECTS):
        raise SettingsError(
            f"A scene has 1 to {MOST_OBJECTS} objects, 2 frames or more, 32 pixels or "
            f"more each way and a seed of 0 or more; asked for were {objects} objects, "
            f"{frames} frames, {shape[0]} x {shape[1]} pixels and seed {seed}. "
            "Change these."
        )
    rng = np.random.default_rng([SERIES, seed])
    backdrop = _backdrop(rng, shape)
    actors = cast_actors(rng, shape, objects)
    drift = rng.uniform([0.02, 0.02, 0], [0.05, 0.05, 2 * np.pi])
    pictures = np.empty((frames, *shape, 3), np.uint8)
    truth = np.zeros((frames, *shape), np.uint8)
    for t in range(frames):
        picture = _pan(backdrop, shape, t * drift[:2] + drift[2])
        for label, actor in enumerate(actors, start=1):
            _draw(actor, t, picture, truth[t], label)
        pictures[t] = np.rint(picture)
    return Video.from_array(pictures, f"scene {seed}"), truth


def _backdrop(rng: np.random.Generator, shape: tuple[int, int]) -> Picture:
    """Tint a photograph and scale it to cover a frame with room to pan."""
    name, tint = list(BACKDROPS.items())[rng.integers(len(BACKDROPS))]
    photo = photograph(name).astype(np.float32) * np.array(tint, np.float32)
    scale = 1.3 * max(shape[0] / photo.shape[0], shape[1] / photo.shape[1])
    size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled: Picture = cv2.resize(
        np.clip(photo, 0, 255).astype(np.uint8), size, None, 0, 0, how
    )
    return scaled


def _pan(
    backdrop: Picture, shape: tuple[int, int], swing: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Look at a part of the backdrop that wanders to and fro, by less than a pixel."""
    room = np.array(backdrop.shape[1::-1]) - shape[::-1]
    corner = room * (0.5 + 0.45 * np.sin(swing))
    move = np.column_stack([np.eye(2), -corner])
    picture = cv2.warpAffine(backdrop, move, shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(picture, np.float32)


def _draw(
    actor: PhotoSprite, t: int, picture: NDArray[np.float32], truth: Picture, label: int
) -> None:
    """Lay an object and its soft shadow over a picture, its label over the truth."""
    move = actor.place(t)
    depth = 0.02 * picture.shape[0]
    rows, columns = _around(actor, move, 4 * depth, truth.shape)
    move[:, 2] -= (columns.start, rows.start)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    if min(size) < 1:
        return
    part = picture[rows, columns]
    layer = cv2.warpAffine(actor.sprite, move, size, flags=cv2.INTER_LINEAR)
    move[:, 2] += depth
    shadow = cv2.warpAffine(actor.sprite[..., 3], move, size, flags=cv2.INTER_LINEAR)
    part *= 1 - cv2.GaussianBlur(shadow, (0, 0), depth)[..., None] * (0.4 / 255)
    part *= 1 - layer[..., 3:] / 255
    part += layer[..., :3]
    truth[rows, columns][layer[..., 3] >= 127.5] = label


def _around(
    actor: PhotoSprite, move: NDArray[np.float64], margin: float, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Rows and columns of the frame that an object and its shadow may touch."""
    h, w = actor.sprite.shape[:2]
    corners = np.array([[0, w, 0, w], [0, 0, h, h], [1, 1, 1, 1]])
    reach = move @ corners
    low = np.floor(reach.min(axis=1) - margin).astype(int)
    high = np.ceil(reach.max(axis=1) + margin).astype(int)
    spans = [
        slice(*np.clip([low[axis], high[axis]], 0, length).tolist())
        for axis, length in zip((1, 0), shape, strict=True)
    ]
    return spans[0], spans[1]
