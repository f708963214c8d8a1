"""Tracks of CVAT XML for videos: shapes at keyframes, and those between them."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.formats.cvat_shapes import Attributes, corners


@dataclass
class Track:
    """Shapes of an object over time.

    If all shapes are marked as keyframes or not, frames between them have shapes, too:
    polygons are interpolated, masks stay until the next keyframe, and the last shape
    stays until the end of the task. A shape that is ``outside`` hides the object.

    Parameters
    ----------
    shapes : dict of int to list of dict
        Attributes of masks and polygons by frame.
    """

    shapes: dict[int, list[Attributes]] = field(default_factory=dict)

    def add(self, frame: int, attributes: Attributes) -> None:
        """Add a shape to a frame, before `at` is called."""
        self.shapes.setdefault(frame, []).append(attributes)

    def at(self, t: int) -> list[Attributes]:
        """Return the shapes of frame `t`; there are none if the object is hidden."""
        if t in self.shapes:
            return [shape for shape in self.shapes[t] if not is_outside(shape)]
        k = bisect(self._frames, t)
        if k == 0 or not self._has_keyframes:
            return []
        start = self._frames[k - 1]
        before = self.at(start)
        if k == len(self._frames):
            return before
        end = self._frames[k]
        share = (t - start) / (end - start)
        after = self.shapes[end]
        if len(before) == len(after) == 1:
            return [_interpolated(before[0], after[0], share)]
        return before

    @cached_property
    def _frames(self) -> list[int]:
        return sorted(self.shapes)

    @cached_property
    def _has_keyframes(self) -> bool:
        return all(
            "keyframe" in shape for each in self.shapes.values() for shape in each
        )


@dataclass
class TaskFrames:
    """Frames of a task, which may be a part of its video or every n-th frame.

    Parameters
    ----------
    start, step : int
    stop : int or None
        Last frame; None without limit.
    """

    start: int = 0
    stop: int | None = None
    step: int = 1

    def __contains__(self, t: int) -> bool:
        inside = t >= self.start and (self.stop is None or t <= self.stop)
        return inside and (t - self.start) % self.step == 0


def is_outside(attributes: Attributes) -> bool:
    """Return whether a shape marks that the object is not visible."""
    return attributes.get("outside") == "1"


def _interpolated(before: Attributes, after: Attributes, share: float) -> Attributes:
    """Interpolate two polygons; a mask is returned as it is."""
    if "points" not in before or "points" not in after:
        return before
    first, second = corners(before["points"]), corners(after["points"])
    if first.shape != second.shape:
        count = max(first.shape[1], second.shape[1])
        first, second = _resampled(first, count), _resampled(second, count)
    points = (1 - share) * first + share * second
    text = ";".join(f"{x:.3f},{y:.3f}" for x, y in points.T)
    return {**before, "points": text}


def _resampled(points: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return `count` points of a closed outline, and all of its corners if possible.

    Corners are kept and the other points are added to the longest edges, so that the
    outline has the same shape.
    """
    while points.shape[1] < count:
        following = np.roll(points, -1, axis=1)
        longest = int(np.hypot(*(following - points)).argmax())
        middle = (points[:, longest] + following[:, longest]) / 2
        points = np.insert(points, longest + 1, middle, axis=1)
    return points
