"""Area under the score-time curve of the DAVIS interactive benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
SECONDS_PER_OBJECT = 30.0
"""Time limit of the benchmark per round and object."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Mean score as a function of mean elapsed time.

    Parameters
    ----------
    seconds : (R + 2,) ndarray of float64
        0, the completion time of each of R rounds, and the time limit.
    score : (R + 2,) ndarray of float64
        0, the score of each round, and the last score repeated.
    """

    seconds: F64
    score: F64

    @classmethod
    def of(
        cls, score: Sequence[float], seconds: Sequence[float], objects: float
    ) -> Curve:
        """Build the curve from scores and times per round.

        Parameters
        ----------
        score : sequence of R float
            Mean over all objects after each round, for example of J.
        seconds : sequence of R float
            Mean duration per round, from strokes to labels.
        objects : float
            Mean number of objects per sequence. The time limit is 30 s per object and
            round, or the time of all rounds if that is longer.
        """
        elapsed = np.cumsum(np.asarray(seconds, float))
        limit = max(SECONDS_PER_OBJECT * objects * len(score), elapsed[-1])
        return cls(
            np.concatenate([[0.0], elapsed, [limit]]),
            np.concatenate([[0.0], score, score[-1:]]),
        )

    @property
    def auc(self) -> float:
        """Area under the piecewise linear curve, divided by the time limit.

        Between 0 and 1. The limit for vanishing round times is the score of the last
        round.

        Examples
        --------
        >>> Curve.of([0.5, 0.9], [15.0, 15.0], objects=1).auc
        0.6875
        """
        heights = (self.score[1:] + self.score[:-1]) / 2
        area = float((heights * np.diff(self.seconds)).sum())
        return area / float(self.seconds[-1])

    def at(self, seconds: float) -> float:
        """Interpolate the score at a time.

        Examples
        --------
        >>> Curve.of([0.5, 0.9], [15.0, 15.0], objects=1).at(22.5)
        0.7
        """
        return float(np.interp(seconds, self.seconds, self.score))
