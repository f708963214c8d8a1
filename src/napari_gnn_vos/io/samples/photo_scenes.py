"""Sample videos with exact ground truth, composed of photographs.

The photographs ship with scikit-image; nothing is downloaded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import integer, lengths, validated
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.samples.cutouts import RGBImage, read_photograph
from napari_gnn_vos.io.samples.photo_sprites import (
    MAX_OBJECTS,
    PhotoSprite,
    sample_sprites,
)
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.vision import cv2

SEED_PREFIX = 75
"""First part of the seed of every scene. Chosen for a good looking scene 0, which is
the sample data of the plugin."""
BACKGROUNDS = {
    "rocket.jpg": (1.0, 1.0, 1.0),
    "hubble_deep_field.jpg": (1.0, 1.0, 1.0),
    "motorcycle_left.png": (0.8, 0.85, 0.9),
    "ihc.png": (1.0, 1.0, 1.0),
    "grass.png": (0.75, 1.05, 0.45),
    "gravel.png": (1.15, 1.0, 0.8),
    "brick.png": (1.2, 0.75, 0.6),
}
"""Background photographs, and the factors applied to red, green and blue."""


@validated(
    seed=integer(),
    frames=integer(),
    shape=lengths(2, "height and width"),
    objects=integer(),
)
def compose_scene(
    seed: int = 0,
    frames: int = 40,
    shape: tuple[int, int] = (240, 426),
    objects: int = 2,
) -> tuple[Video, NDArray[np.uint8]]:
    """Compose a video of objects that move, rotate and occlude each other.

    Parameters
    ----------
    seed : int
        Seed of objects, background and motion, 0 or more.
    frames : int
        Number of frames T, 2 or more.
    shape : (int, int)
        Height H and width W in pixels, 32 or more each.
    objects : int
        Number of objects, 1 to 5.

    Returns
    -------
    video : Video
        (T, H, W, 3) uint8, in memory.
    truth : (T, H, W) ndarray of uint8
        Label of the object that covers at least half of each pixel, 1 for the rearmost
        object; 0 is background. Every object is visible in frame 0.

    Raises
    ------
    SettingsError
        If a parameter is out of its range.
    """
    valid = frames >= 2 and min(shape) >= 32 and seed >= 0
    if not (valid and 1 <= objects <= MAX_OBJECTS):
        raise SettingsError(
            f"Expected 1 to {MAX_OBJECTS} objects, 2 frames or more, frames of 32 x 32 "
            f"pixels or more, and a seed of 0 or more; received {objects} objects, "
            f"{frames} frames, {shape[0]} x {shape[1]} pixels and seed {seed}. "
            "Change these values."
        )
    rng = np.random.default_rng([SEED_PREFIX, seed])
    background = _sample_background(rng, shape)
    sprites = sample_sprites(rng, shape, objects)
    panning = rng.uniform([0.02, 0.02, 0], [0.05, 0.05, 2 * np.pi])
    images = np.empty((frames, *shape, 3), np.uint8)
    truth = np.zeros((frames, *shape), np.uint8)
    for t in range(frames):
        image = _crop_background(background, shape, t * panning[:2] + panning[2])
        for label, sprite in enumerate(sprites, start=1):
            _draw_sprite(sprite, t, image, truth[t], label)
        images[t] = np.rint(image)
    return Video.from_array(images, f"scene {seed}"), truth


def _sample_background(rng: np.random.Generator, shape: tuple[int, int]) -> RGBImage:
    """Sample a tinted photograph, scaled to 1.3 times the size of a frame or more."""
    name, tint = list(BACKGROUNDS.items())[rng.integers(len(BACKGROUNDS))]
    photo = read_photograph(name).astype(np.float32) * np.array(tint, np.float32)
    scale = 1.3 * max(shape[0] / photo.shape[0], shape[1] / photo.shape[1])
    size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled: RGBImage = cv2.resize(
        np.clip(photo, 0, 255).astype(np.uint8), size, None, 0, 0, interpolation
    )
    return scaled


def _crop_background(
    background: RGBImage, shape: tuple[int, int], phase: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Crop a window of the background at a subpixel position that oscillates."""
    margin = np.array(background.shape[1::-1]) - shape[::-1]
    corner = margin * (0.5 + 0.45 * np.sin(phase))
    matrix = np.column_stack([np.eye(2), -corner])
    image = cv2.warpAffine(background, matrix, shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(image, np.float32)


def _draw_sprite(
    sprite: PhotoSprite,
    t: int,
    image: NDArray[np.float32],
    truth: NDArray[np.uint8],
    label: int,
) -> None:
    """Blend a sprite and its shadow over `image`, and write its label to `truth`."""
    matrix = sprite.transform(t)
    shadow_offset = 0.02 * image.shape[0]
    rows, columns = _bounding_box(sprite, matrix, 4 * shadow_offset, truth.shape)
    matrix[:, 2] -= (columns.start, rows.start)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    if min(size) < 1:
        return
    window = image[rows, columns]
    layer = cv2.warpAffine(sprite.image, matrix, size, flags=cv2.INTER_LINEAR)
    matrix[:, 2] += shadow_offset
    shadow = cv2.warpAffine(sprite.image[..., 3], matrix, size, flags=cv2.INTER_LINEAR)
    blurred = cv2.GaussianBlur(shadow, (0, 0), shadow_offset)
    window *= 1 - blurred[..., None] * (0.4 / 255)
    window *= 1 - layer[..., 3:] / 255
    window += layer[..., :3]
    truth[rows, columns][layer[..., 3] >= 127.5] = label


def _bounding_box(
    sprite: PhotoSprite,
    matrix: NDArray[np.float64],
    margin: float,
    shape: tuple[int, ...],
) -> tuple[slice, slice]:
    """Return the rows and columns of the frame that a sprite and its shadow cover."""
    h, w = sprite.image.shape[:2]
    corners = matrix @ np.array([[0, w, 0, w], [0, 0, h, h], [1, 1, 1, 1]])
    low = np.floor(corners.min(axis=1) - margin).astype(int)
    high = np.ceil(corners.max(axis=1) + margin).astype(int)
    spans = [
        slice(*np.clip([low[axis], high[axis]], 0, length).tolist())
        for axis, length in zip((1, 0), shape, strict=True)
    ]
    return spans[0], spans[1]
