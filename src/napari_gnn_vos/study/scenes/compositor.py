"""Objects of real sequences, moved along paths into another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.davis import Truth
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.scenes.layers import Layer
from napari_gnn_vos.study.scenes.matte import Mask, cut_by_mask
from napari_gnn_vos.study.scenes.scene_spec import SpriteSpec
from napari_gnn_vos.study.scenes.tracks import (
    camera_path,
    follow,
    played,
    unsteady,
    walk,
)
from napari_gnn_vos.vision import cv2

MATCH = 0.4, 0.15
"""How far an object's brightness and its tint go towards the ground's, 0 to 1."""
LEAST = 0.035
"""Pieces of an object below this share of the largest are left out: a ball in flight
is not the player."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """An object of a real sequence, and where it is in each of T frames.

    Parameters
    ----------
    video, truth : Video, (t, H, W) ndarray of uint8
        The real sequence.
    times : (T,) ndarray of int64
        The frame it plays.
    anchor : (T, 2) ndarray of float64
        Column and row of its feet there.
    place : (T, 2) ndarray of float64
        Column and row of its feet in the scene.
    scale : (T, 2) ndarray of float64
        Across and down; below 0 across if mirrored.
    gain : (3,) ndarray of float32
        For its colours.
    shadow : float
        Darkness of the ground below its feet, 0 to 1.
    """

    video: Video
    truth: Truth
    times: NDArray[np.int64]
    anchor: NDArray[np.float64]
    place: NDArray[np.float64]
    scale: NDArray[np.float64]
    gain: NDArray[np.float32]
    shadow: float

    def layer(self, t: int, shape: tuple[int, int]) -> Layer | None:
        """Draw it alone on a frame of (H, W) pixels; None if it has no pixel."""
        time = int(self.times[t])
        cut = cut_by_mask(self.video.rgb(time), _whole(self.truth[time] == 1))
        if cut is None:
            return None
        scale, place = self.scale[t], self.place[t]
        shift = place + scale * (cut.corner - self.anchor[t])
        sprite = cut.sprite
        if scale[1] < 1:
            sprite = cv2.GaussianBlur(sprite, (0, 0), np.sqrt(scale[1] ** -2 - 1) / 2)
        move = np.column_stack([np.diag(scale), shift])
        drawn = cv2.warpAffine(sprite, move, shape[::-1], flags=cv2.INTER_LINEAR)
        drawn[..., :3] = np.minimum(drawn[..., :3] * self.gain, 255 * drawn[..., 3:])
        height = scale[1] * cut.sprite.shape[0]
        return Layer(drawn, self.shadow * _below(drawn[..., 3], place[1], height))


def _below(
    alpha: NDArray[np.float32], foot: float, height: float
) -> NDArray[np.float32]:
    """Press an outline flat on the ground, and blur it."""
    flat = 0.1
    move = np.array([[1, 0, 0], [0, flat, foot * (1 - flat)]])
    pressed = cv2.warpAffine(alpha, move, alpha.shape[::-1], flags=cv2.INTER_LINEAR)
    sigma = max(0.03 * height, 0.5)
    soft: NDArray[np.float32] = cv2.GaussianBlur(pressed, (0, 0), sigma)
    return soft


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What actors have to fit to.

    Parameters
    ----------
    camera : (T, 2) ndarray of float64
        Column and row that still things have moved by since the first frame.
    shape : (int, int)
        Height and width of a frame.
    light : (3,) ndarray of float32
        Mean colour.
    """

    camera: NDArray[np.float64]
    shape: tuple[int, int]
    light: NDArray[np.float32]


def survey(video: Video, truth: Truth, start: int, frames: int) -> Ground:
    """Look at frames `start` to `start + frames` of a sequence as a ground."""
    span = range(start, start + frames)
    camera = camera_path([video.rgb(t) for t in span], truth[start : start + frames])
    return Ground(camera, video.shape[1:], light(video))


def light(video: Video) -> NDArray[np.float32]:
    """Mean colour, (3,), of a few frames."""
    some = np.linspace(0, video.shape[0] - 1, 4).astype(int)
    means = [video.rgb(int(t)).mean(axis=(0, 1)) for t in some]
    return np.asarray(np.mean(means, axis=0), np.float32)


def cast(role: SpriteSpec, video: Video, truth: Truth, ground: Ground) -> Sprite:
    """Let the object of a real sequence play a role.

    Parameters
    ----------
    role : SpriteSpec
    video, truth : Video, (t, H, W) ndarray of uint8
        The real sequence.
    ground : Ground

    Returns
    -------
    actor : Actor

    Raises
    ------
    ReadError
        If the clip goes on after the sequence's end, or the object is missing in it.
    """
    track = follow(truth, role.clip, role.sequence)
    times = played(role.clip, role.step, len(ground.camera))
    path = walk(role.path, len(times))
    here = times - role.clip[0]
    size = path[:, 2] * ground.shape[0] / track.height[here]
    across = -size if role.mirrored else size
    return Sprite(
        video=video,
        truth=truth,
        times=times,
        anchor=track.feet[here],
        place=path[:, :2] * ground.shape[::-1] + unsteady(ground.camera),
        scale=np.column_stack([across, size]),
        gain=_gain(light(video), ground.light),
        shadow=role.shadow,
    )


def _gain(of: NDArray[np.float32], to: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take red, green and blue from one mean colour towards another, by factors."""
    ratio = (to + 1) / (of + 1)
    brighter = (to.mean() + 1) / (of.mean() + 1)
    gain = brighter ** MATCH[0] * (ratio / brighter) ** MATCH[1]
    return np.asarray(np.clip(gain, 0.8, 1.15), np.float32)


def _whole(mask: Mask) -> Mask:
    """Leave small pieces out."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return mask
    keep = np.concatenate([[False], areas >= LEAST * areas.max()])
    return np.asarray(keep[pieces])
