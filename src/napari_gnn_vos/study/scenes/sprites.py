"""Sprites: objects of real sequences, moved along paths in another sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.davis import Truth
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.matting import Mask, cut_by_mask
from napari_gnn_vos.study.scenes.compositor import SpriteLayer
from napari_gnn_vos.study.scenes.scene_spec import SpriteSpec
from napari_gnn_vos.study.scenes.tracks import (
    camera_path,
    clip_frames,
    interpolate_path,
    remove_pan,
    track_object,
)
from napari_gnn_vos.vision import cv2

COLOUR_MATCH = 0.4, 0.15
"""Share by which brightness and tint of an object are moved towards the background."""
MIN_COMPONENT_SHARE = 0.035
"""Connected components below this share of the largest one are removed: a ball in
flight is not part of the player."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """An object of a real sequence and its position in each of T frames.

    Parameters
    ----------
    video, truth : Video, (t, H, W) ndarray of uint8
        The real sequence.
    times : (T,) ndarray of int64
        Frame of the real sequence that is shown.
    anchor : (T, 2) ndarray of float64
        Column and row of the foot point in the real sequence.
    position : (T, 2) ndarray of float64
        Column and row of the foot point in the scene.
    scale : (T, 2) ndarray of float64
        Horizontal and vertical scale; horizontally negative if mirrored.
    gain : (3,) ndarray of float32
        Factor of each colour channel.
    shadow : float
        Strength of the shadow below the feet, 0 to 1.
    """

    video: Video
    truth: Truth
    times: NDArray[np.int64]
    anchor: NDArray[np.float64]
    position: NDArray[np.float64]
    scale: NDArray[np.float64]
    gain: NDArray[np.float32]
    shadow: float

    def layer(self, t: int, shape: tuple[int, int]) -> SpriteLayer | None:
        """Render the sprite on a frame of (H, W) pixels; None if it has no pixel."""
        time = int(self.times[t])
        cut = cut_by_mask(self.video.rgb(time), _main_components(self.truth[time] == 1))
        if cut is None:
            return None
        scale, position = self.scale[t], self.position[t]
        shift = position + scale * (cut.corner - self.anchor[t])
        sprite = cut.sprite
        if scale[1] < 1:
            sprite = cv2.GaussianBlur(sprite, (0, 0), np.sqrt(scale[1] ** -2 - 1) / 2)
        transform = np.column_stack([np.diag(scale), shift])
        rendered = cv2.warpAffine(
            sprite, transform, shape[::-1], flags=cv2.INTER_LINEAR
        )
        rendered[..., :3] = np.minimum(
            rendered[..., :3] * self.gain, 255 * rendered[..., 3:]
        )
        height = scale[1] * cut.sprite.shape[0]
        return SpriteLayer(
            rendered,
            self.shadow * _ground_shadow(rendered[..., 3], position[1], height),
        )


def _ground_shadow(
    alpha: NDArray[np.float32], foot: float, height: float
) -> NDArray[np.float32]:
    """Project the alpha onto the ground as a blurred shadow."""
    flattening = 0.1
    transform = np.array([[1, 0, 0], [0, flattening, foot * (1 - flattening)]])
    flattened = cv2.warpAffine(
        alpha, transform, alpha.shape[::-1], flags=cv2.INTER_LINEAR
    )
    sigma = max(0.03 * height, 0.5)
    blurred: NDArray[np.float32] = cv2.GaussianBlur(flattened, (0, 0), sigma)
    return blurred


@dataclass(frozen=True, slots=True, eq=False)
class SceneBackground:
    """Camera motion, size and mean colour of the base sequence.

    Parameters
    ----------
    camera : (T, 2) ndarray of float64
        Displacement of the static background, columns and rows, since the first frame.
    shape : (int, int)
        Height and width of a frame.
    mean_colour : (3,) ndarray of float32
        Mean RGB, 0 to 255.
    """

    camera: NDArray[np.float64]
    shape: tuple[int, int]
    mean_colour: NDArray[np.float32]


def measure_background(
    video: Video, truth: Truth, start: int, frames: int
) -> SceneBackground:
    """Measure camera motion and mean colour of frames `start` to `start + frames`."""
    span = range(start, start + frames)
    camera = camera_path([video.rgb(t) for t in span], truth[start : start + frames])
    return SceneBackground(camera, video.shape[1:], mean_colour(video))


def mean_colour(video: Video) -> NDArray[np.float32]:
    """Compute the mean colour, (3,), over four frames."""
    frames = np.linspace(0, video.shape[0] - 1, 4).astype(int)
    means = [video.rgb(int(t)).mean(axis=(0, 1)) for t in frames]
    return np.asarray(np.mean(means, axis=0), np.float32)


def make_sprite(
    sprite_spec: SpriteSpec, video: Video, truth: Truth, background: SceneBackground
) -> Sprite:
    """Create the sprite of a specification for a background.

    Parameters
    ----------
    sprite_spec : SpriteSpec
    video, truth : Video, (t, H, W) ndarray of uint8
        The real sequence.
    background : SceneBackground

    Returns
    -------
    sprite : Sprite

    Raises
    ------
    ReadError
        If the clip exceeds the sequence, or lacks the object on a frame.
    """
    track = track_object(truth, sprite_spec.clip, sprite_spec.sequence)
    times = clip_frames(sprite_spec.clip, sprite_spec.step, len(background.camera))
    path = interpolate_path(sprite_spec.path, len(times))
    offset = times - sprite_spec.clip[0]
    size = path[:, 2] * background.shape[0] / track.height[offset]
    horizontal = -size if sprite_spec.mirrored else size
    return Sprite(
        video=video,
        truth=truth,
        times=times,
        anchor=track.feet[offset],
        position=path[:, :2] * background.shape[::-1] + remove_pan(background.camera),
        scale=np.column_stack([horizontal, size]),
        gain=_gain(mean_colour(video), background.mean_colour),
        shadow=sprite_spec.shadow,
    )


def _gain(
    source: NDArray[np.float32], target: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Compute gains that move a mean colour towards another."""
    ratio = (target + 1) / (source + 1)
    brighter = (target.mean() + 1) / (source.mean() + 1)
    gain = brighter ** COLOUR_MATCH[0] * (ratio / brighter) ** COLOUR_MATCH[1]
    return np.asarray(np.clip(gain, 0.8, 1.15), np.float32)


def _main_components(mask: Mask) -> Mask:
    """Remove small connected components."""
    _, components, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return mask
    keep = np.concatenate([[False], areas >= MIN_COMPONENT_SHARE * areas.max()])
    return np.asarray(keep[components])
