"""Specifications of composed scenes and their sprites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FRAMES = 40
Stop = tuple[float, float, float]
"""Column and row of the foot point and height of the object, as shares of the width,
height and height of the frame. Values below 0 or above 1 are outside the frame."""


@dataclass(frozen=True, slots=True)
class SpriteSpec:
    """An object of a real sequence that moves along a given path.

    Parameters
    ----------
    sequence : str
        Name of the sequence; the object is its label 1.
    clip : (int, int)
        First and last frame used; traversed back and forth if the scene is longer.
    path : tuple of Stop
        Positions at equal time intervals, interpolated smoothly.
    mirrored : bool
        Whether the object is mirrored horizontally.
    step : int
        Frames of the clip per frame of the scene; negative for reversed order.
    shadow : float
        Strength of the shadow below the feet, 0 to 1.
    """

    sequence: str
    clip: tuple[int, int]
    path: tuple[Stop, ...]
    mirrored: bool = False
    step: int = 1
    shadow: float = 0.4


@dataclass(frozen=True, slots=True)
class PartsSpec:
    """Cuts of an object into parts, perpendicular to one image axis.

    Parameters
    ----------
    axis : {"rows", "columns"}
        Direction in which the parts follow each other.
    shares : tuple of float
        Share of the object's area before each cut, rising, between 0 and 1.
    """

    axis: Literal["rows", "columns"]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """A base sequence with its object, and sprites to composite into it.

    Parameters
    ----------
    name : str
        Name of the new sequence.
    base : str
        Real sequence that provides the background and label 1.
    start : int
        First frame used of `base`.
    sprites : tuple of SpriteSpec
        Labels 2, 3, ..., the rearmost first.
    behind : int
        Number of sprites behind label 1.
    frames : int
        Length of the scene.
    parts : PartsSpec, optional
        Divides label 1 into several objects; the labels of the sprites follow.
    """

    name: str
    base: str
    start: int
    sprites: tuple[SpriteSpec, ...]
    behind: int = 0
    frames: int = FRAMES
    parts: PartsSpec | None = None

    @property
    def sequences(self) -> tuple[str, ...]:
        """Names of all real sequences that the scene uses."""
        return (self.base, *(sprite_spec.sequence for sprite_spec in self.sprites))
