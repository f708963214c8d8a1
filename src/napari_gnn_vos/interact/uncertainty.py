"""Expected accuracy of a prediction, and the frames that should be reviewed first."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import validated
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.structures.session import SESSION, Session

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
SMOOTHING = 0.1
"""Added to intersection and union, as a fraction of the mean union of the object, so
that frames where an object is almost invisible do not have an expected J near 0."""
BASE_UNCERTAINTY = 0.05
"""Added to the uncertainty of each frame when frames are ordered for review."""
CALIBRATION = (
    (0.0, 0.91, 0.94, 0.96, 0.976, 0.99, 1.0),
    (0.0, 0.77, 0.84, 0.898, 0.918, 0.954, 1.0),
)
"""Values of :func:`expected_j`, and the mean true J of frames with them. Measured on
30 sequences by cross-validation, over eight rounds."""


def expected_overlap(probability: F32, sizes: NDArray[np.number]) -> F64:
    """Compute the expected intersection and union of masks and objects of one frame.

    The mask of an object is where its probability is the largest; pixels are treated as
    independent.

    Parameters
    ----------
    probability : (n, K) ndarray of float32
        Of the superpixels; column 0 is background, rows sum to 1.
    sizes : (n,) ndarray
        Number of pixels of each superpixel.

    Returns
    -------
    overlap : (2, K - 1) ndarray of float64
        Expected intersection and expected union of each object, in pixels.

    Examples
    --------
    >>> certain, uncertain = [0.0, 1.0], [0.5, 0.5]
    >>> probability = np.array([certain, uncertain], np.float32)
    >>> expected_overlap(probability, np.array([30, 20])).ravel()
    array([30., 40.])
    """
    expected_pixels = probability[:, 1:] * np.asarray(sizes, np.float64)[:, None]
    mask = probability.argmax(axis=1)[:, None] == np.arange(1, probability.shape[1])
    mask_size = np.asarray(sizes, np.float64) @ mask
    outside = np.sum(expected_pixels, axis=0, where=~mask)
    return np.stack([np.sum(expected_pixels, axis=0, where=mask), mask_size + outside])


def expected_j(overlaps: F64) -> F32:
    """Estimate the intersection over union of each mask from its expected overlap.

    Parameters
    ----------
    overlaps : (T, 2, K - 1) ndarray of float64
        Of each frame, by :func:`expected_overlap`.

    Returns
    -------
    expected : (T, K - 1) ndarray of float32
    """
    intersection, union = np.moveaxis(overlaps, 1, 0)
    smoothing = np.maximum(SMOOTHING * union.mean(axis=0), 1)
    expected: F32 = ((intersection + smoothing) / (union + smoothing)).astype(
        np.float32
    )
    return expected


def calibrate(expected: F32) -> F32:
    """Correct the expected J by `CALIBRATION`.

    The expected J is too high, because the network is overconfident. Values between
    those of the table are interpolated.

    Parameters
    ----------
    expected : (T, K - 1) ndarray of float32
        By :func:`expected_j`.

    Returns
    -------
    calibrated : (T, K - 1) ndarray of float32
    """
    return np.interp(expected, *CALIBRATION).astype(np.float32)


@validated(session=SESSION)
def most_uncertain_frames(session: Session) -> Iterator[int]:
    """Order the frames without strokes by their priority for review.

    The priority of a frame is its uncertainty, one minus the expected J, times the
    square root of the distance to the nearest frame that has strokes or was returned
    before. So the first frames are spread over the video.

    Parameters
    ----------
    session : Session
        With a prediction.

    Yields
    ------
    frame : int
        Each frame without strokes once.

    Raises
    ------
    GnnVosError
        If there is no prediction.

    Examples
    --------
    >>> next(most_uncertain_frames(session))  # doctest: +SKIP
    """
    if session.prediction is None:
        raise GnnVosError(
            "Frames are ordered by the uncertainty of a prediction; there is none yet. "
            "Predict first."
        )
    expected = session.prediction.expected_j
    uncertainty = 1 - expected.mean(axis=1) + BASE_UNCERTAINTY
    frames = np.arange(len(uncertainty))
    distance = np.full(len(uncertainty), len(uncertainty))
    for painted in np.unique(session.painted_pixels.frame):
        distance = np.minimum(distance, np.abs(frames - painted))
    while distance.any():
        t = int((uncertainty * np.sqrt(distance)).argmax())
        yield t
        distance = np.minimum(distance, np.abs(frames - t))


class ReviewQueue:
    """Frames of a prediction from most to least uncertain, repeated cyclically."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._remaining: Iterator[int] = iter(())
        self._order: list[int] = []
        self._rank = 0

    def next_frame(
        self, session: Session, excluded: Collection[int] = ()
    ) -> tuple[int, int]:
        """Return the next frame and its rank; a new prediction starts a new order.

        Parameters
        ----------
        session : Session
        excluded : collection of int
            Frames that need no review.

        Returns
        -------
        frame, rank : int
            Index of the frame, and its place from 1 in the order of uncertainty.

        Raises
        ------
        GnnVosError
            If there is no prediction, or if every frame has strokes or is excluded.
        """
        if session is not self._session:
            self._session, self._remaining = session, most_uncertain_frames(session)
            self._order, self._rank = [], 0
        for _ in range(session.video.shape[0]):
            self._order += islice(self._remaining, 1)
            self._rank = self._rank % max(len(self._order), 1) + 1
            if self._order and self._order[self._rank - 1] not in excluded:
                return self._order[self._rank - 1], self._rank
        raise GnnVosError(
            "Every frame has strokes or is accepted; there is no frame to check."
        )


def least_sure(session: Session) -> Iterator[int]:
    """Order frames by uncertainty; deprecated name of `most_uncertain_frames`."""
    warnings.warn(
        "least_sure is deprecated; use most_uncertain_frames.",
        DeprecationWarning,
        stacklevel=2,
    )
    return most_uncertain_frames(session)
