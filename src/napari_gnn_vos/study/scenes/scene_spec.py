"""What a composed scene is: who plays where, and how they go."""

from __future__ import annotations

from dataclasses import dataclass

FRAMES = 40
Stop = tuple[float, float, float]
"""Where the feet are, from the left and from the top, and how tall the object is: in
shares of the frame's width, height and height. Below 0 and above 1 is outside."""


@dataclass(frozen=True, slots=True)
class SpriteSpec:
    """One object of a real sequence, sent along a path of its own.

    Parameters
    ----------
    sequence : str
        Its mask is label 1 there.
    clip : (int, int)
        First and last frame to play. Played to and fro if they are too few.
    path : tuple of Stop
        Passed at even intervals, smoothly.
    mirrored : bool
        Left becomes right.
    step : int
        Frames of the clip for each frame of the scene; below 0 it plays backwards.
    shadow : float
        Darkness of the ground below the feet, 0 to 1.
    """

    sequence: str
    clip: tuple[int, int]
    path: tuple[Stop, ...]
    mirrored: bool = False
    step: int = 1
    shadow: float = 0.4


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """A scene: a real sequence with its object, and who joins in.

    Parameters
    ----------
    name : str
        Of the new sequence.
    base : str
        Real sequence that gives the ground, and label 1.
    start : int
        Its first frame.
    roles : tuple of SpriteSpec
        Labels 2, 3, ...; the rearmost first.
    behind : int
        How many of them are behind label 1.
    frames : int
        Length of the scene.
    """

    name: str
    base: str
    start: int
    roles: tuple[SpriteSpec, ...]
    behind: int = 0
    frames: int = FRAMES

    @property
    def sequences(self) -> tuple[str, ...]:
        """Real sequences that it takes."""
        return (self.base, *(role.sequence for role in self.roles))
