"""One number for a whole curve, as the DAVIS interactive benchmark defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
LIMIT = 30.0
"""Seconds that the benchmark gives for a round and object."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A mean score against the mean time that has passed.

    Parameters
    ----------
    seconds : (R + 2,) ndarray of float64
        0, the time when each of R rounds was answered, and the time limit.
    score : (R + 2,) ndarray of float64
        0, the score of each round, and the last one again.
    """

    seconds: F64
    score: F64

    @classmethod
    def of(
        cls, score: Sequence[float], seconds: Sequence[float], objects: float
    ) -> Curve:
        """Draw the curve of a benchmark.

        Parameters
        ----------
        score : sequence of R float
            Mean over all objects after every round, J for example.
        seconds : sequence of R float
            Mean that a round took, from its strokes to its labels.
        objects : float
            Mean number of objects in a sequence. The time limit is 30 s for each of
            them and every round, or the time of all rounds if that is more.
        """
        passed = np.cumsum(np.asarray(seconds, float))
        limit = max(LIMIT * objects * len(score), passed[-1])
        return cls(
            np.concatenate([[0.0], passed, [limit]]),
            np.concatenate([[0.0], score, score[-1:]]),
        )

    @property
    def auc(self) -> float:
        """Area under the curve, straight between rounds, over the time limit.

        0 is worst and 1 best. Whoever answers all rounds at once gets the score of the
        last round, so with rounds of a second this is close to it.

        Examples
        --------
        >>> Curve.of([0.5, 0.9], [15.0, 15.0], objects=1).auc
        0.6875
        """
        heights = (self.score[1:] + self.score[:-1]) / 2
        area = float((heights * np.diff(self.seconds)).sum())
        return area / float(self.seconds[-1])

    def at(self, seconds: float) -> float:
        """Score when so much time has passed, straight between rounds.

        Examples
        --------
        >>> Curve.of([0.5, 0.9], [15.0, 15.0], objects=1).at(22.5)
        0.7
        """
        return float(np.interp(seconds, self.seconds, self.score))
