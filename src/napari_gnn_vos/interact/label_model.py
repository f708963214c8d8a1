"""What objects look like, learnt from the strokes (paper, III-C)."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.hardware import cores

F32 = NDArray[np.float32]


class LabelModel:
    """One-vs-rest logistic regression on standardised appearance.

    Parameters
    ----------
    known : (M, A) ndarray of float
        Appearance of superpixels whose label is known.
    labels : (M,) ndarray of int
        Their labels; 0 is background, which nobody asks for.
    weight : (M,) ndarray of float
        How much each counts.
    reference : (R, A) ndarray of float
        Superpixels whose mean and standard deviation standardise every column.
    column_weights : (A,) ndarray of float
        Factors of the standardised columns.
    settings : LabelModelSettings

    Notes
    -----
    A label that is the only one known is given everywhere with probability one half:
    there is nothing to tell it from.
    """

    def __init__(
        self,
        known: NDArray[np.floating],
        labels: NDArray[np.integer],
        weight: NDArray[np.floating],
        reference: NDArray[np.floating],
        column_weights: NDArray[np.floating],
        settings: LabelModelSettings,
    ) -> None:
        reference = reference.astype(np.float32)
        self._mean = reference.mean(axis=0)
        deviation = reference.std(axis=0) + np.float32(1e-3)
        self._spread = deviation / column_weights.astype(np.float32)
        scaled = self._scale(known)
        fitted = [int(k) for k in np.unique(labels) if k > 0 and (labels != k).any()]

        def fit(label: int) -> tuple[F32, float]:
            return _line(scaled, labels == label, weight, settings)

        # products this small only wait for BLAS's own threads, on a busy machine long
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(cores()) as pool:
            self._lines = dict(zip(fitted, pool.map(fit, fitted), strict=True))

    def _scale(self, values: NDArray[np.floating]) -> F32:
        return np.asarray((values - self._mean) / self._spread, np.float32)

    def __call__(self, values: NDArray[np.floating], labels: tuple[int, ...]) -> F32:
        """Probability of labels, each against the rest.

        Parameters
        ----------
        values : (n, A) ndarray of float
            Appearance.
        labels : tuple of K int

        Returns
        -------
        probability : (n, K) ndarray of float32
            One half for a label that was never seen.
        """
        unseen = np.zeros(len(self._mean), np.float32), 0.0
        lines = [self._lines.get(label, unseen) for label in labels]
        slopes = np.stack([slope for slope, _ in lines], axis=1) / self._spread[:, None]
        offsets = np.array([offset for _, offset in lines], np.float32)
        offsets -= self._mean @ slopes
        return _logistic(values.astype(np.float32) @ slopes + offsets)


def _logistic(values: F32) -> F32:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float32)


def _line(
    values: F32,
    is_it: NDArray[np.bool_],
    weight: NDArray[np.floating],
    settings: LabelModelSettings,
) -> tuple[F32, float]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    share = np.where(is_it, weight[is_it].sum(), weight[~is_it].sum())
    balanced = weight / share * (weight.sum() / 2)
    model = LogisticRegression(
        C=settings.inverse_regularization, max_iter=100, tol=1e-3
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values, is_it, sample_weight=balanced)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
