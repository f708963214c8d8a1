"""Specifications of composed scenes and their sprites."""

from __future__ import annotations

from dataclasses import dataclass

FRAMES = 40
Stop = tuple[float, float, float]
"""Where the feet are, from the left and from the top, and how tall the object is: in
shares of the frame's width, height and height. Below 0 and above 1 is outside."""


@dataclass(frozen=True, slots=True)
class SpriteSpec:
    """An object of a real sequence that moves along a given path.

    Parameters
    ----------
    sequence : str
        Its mask is label 1 there.
    clip : (int, int)
        First and last frame used; traversed back and forth if the scene is longer.
    path : tuple of Stop
        Passed at even intervals, smoothly.
    mirrored : bool
        Left becomes right.
    step : int
        Frames of the clip for each frame of the scene; below 0 it plays backwards.
    shadow : float
        Darkness of the background below the feet, 0 to 1.
    """

    sequence: str
    clip: tuple[int, int]
    path: tuple[Stop, ...]
    mirrored: bool = False
    step: int = 1
    shadow: float = 0.4


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """A base sequence with its object, and sprites to composite into it.

    Parameters
    ----------
    name : str
        Of the new sequence.
    base : str
        Real sequence that gives the background, and label 1.
    start : int
        Its first frame.
    sprites : tuple of SpriteSpec
        Labels 2, 3, ...; the rearmost first.
    behind : int
        How many of them are behind label 1.
    frames : int
        Length of the scene.
    """

    name: str
    base: str
    start: int
    sprites: tuple[SpriteSpec, ...]
    behind: int = 0
    frames: int = FRAMES

    @property
    def sequences(self) -> tuple[str, ...]:
        """Names of all real sequences that the scene uses."""
        return (self.base, *(sprite_spec.sequence for sprite_spec in self.sprites))
