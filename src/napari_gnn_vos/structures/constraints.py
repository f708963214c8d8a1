"""Constraints on the labels that a round of prediction may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constraints:
    """Locked objects, absent objects and a range of frames.

    Parameters
    ----------
    locked : frozenset of int
        Objects whose pixels neither grow nor shrink, except under strokes.
    absent : frozenset of (int, int)
        Frame and label of objects that have no pixels there, except under strokes.
    frames : (int, int), optional
        First frame, and the one after the last frame, whose labels may change; by
        default all.
    """

    locked: frozenset[int] = frozenset()
    absent: frozenset[tuple[int, int]] = frozenset()
    frames: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return bool(self.locked or self.absent or self.frames)

    def absent_in(self, frame: int) -> frozenset[int]:
        """Return the objects that are absent in a frame."""
        return frozenset(label for t, label in self.absent if t == frame)
