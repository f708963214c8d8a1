"""The label model: a classifier of superpixels fitted to the strokes (paper, III-C)."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.hardware import cores, single_threaded_blas
from napari_gnn_vos.interact.feature_projection import (
    FeatureProjection,
    load_projection,
)
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.feature_names import RESIDUAL_MOTION
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
NODE_FEATURE_WEIGHT, RESIDUAL_WEIGHT = 2.0, 3.0
"""Weights of standardised node features; those of the appearance have weight 1."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelSamples:
    """Superpixels of known label, to fit a label model to.

    Parameters
    ----------
    inputs : (M, C) ndarray of float
        Their `label_model_inputs`.
    labels : (M,) ndarray of int
        Their labels; 0 is background, for which no classifier is fitted.
    weights : (M,) ndarray of float
        Sample weights.
    mean, std : (C,) ndarray of float32
        Of each column over all superpixels of the frames with strokes.
    """

    inputs: NDArray[np.floating]
    labels: NDArray[np.integer]
    weights: NDArray[np.floating]
    mean: F32
    std: F32

    def standardise(self, inputs: NDArray[np.floating], column_weights: F32) -> F32:
        """Standardise the columns of (n, C) inputs and multiply them by weights."""
        scale = column_weights / (self.std + np.float32(1e-3))
        return np.asarray((inputs.astype(np.float32) - self.mean) * scale, np.float32)


class LabelModel:
    """One classifier per label on standardised, weighted columns.

    The classifier is a logistic regression or, with a projection, a ridge regression on
    projected features.

    Parameters
    ----------
    samples : LabelSamples
    column_weights : (C,) ndarray of float
        Factors of the standardised columns: the larger, the less a column is penalised.
    settings : LabelModelSettings
    projection : FeatureProjection, optional

    Notes
    -----
    A label without counterexamples has no classifier; its probability is 0.5.
    """

    def __init__(
        self,
        samples: LabelSamples,
        column_weights: F32,
        settings: LabelModelSettings,
        projection: FeatureProjection | None = None,
    ) -> None:
        self._samples, self._projection = samples, projection
        self._column_weights = column_weights.astype(np.float32)
        labels = samples.labels
        fitted = [int(k) for k in np.unique(labels) if k > 0 and (labels != k).any()]

        def fit(label: int) -> tuple[F32, float]:
            is_label = labels == label
            if projection is not None:
                return projection.fit(features, is_label, samples.weights)
            return _fit_classifier(features, is_label, samples.weights, settings)

        # small products do not profit from BLAS threads, and wait for busy cores
        with single_threaded_blas(), ThreadPoolExecutor(cores()) as pool:
            features = self._features(samples.inputs)
            self._classifiers = dict(zip(fitted, pool.map(fit, fitted), strict=True))

    def _features(self, inputs: NDArray[np.floating]) -> F32:
        standardised = self._samples.standardise(inputs, self._column_weights)
        return self._projection(standardised) if self._projection else standardised

    def __call__(self, inputs: NDArray[np.floating], labels: tuple[int, ...]) -> F32:
        """Compute the probability of each label against the rest.

        Parameters
        ----------
        inputs : (n, C) ndarray of float
        labels : tuple of K int

        Returns
        -------
        probability : (n, K) ndarray of float32
            0.5 for labels without a classifier.
        """
        features = self._features(inputs)
        constant = np.zeros(features.shape[1], np.float32), 0.0
        classifiers = [self._classifiers.get(label, constant) for label in labels]
        weights = np.stack([weight for weight, _ in classifiers], axis=1)
        intercepts = np.array([value for _, value in classifiers], np.float32)
        return _logistic(features @ weights + intercepts)


def _logistic(values: F32) -> F32:
    """Compute ``1 / (1 + exp(-x))`` element by element, without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float32)


def _fit_classifier(
    inputs: F32,
    is_label: NDArray[np.bool_],
    weights: NDArray[np.floating],
    settings: LabelModelSettings,
) -> tuple[F32, float]:
    """Fit a logistic regression with balanced classes; return weights and intercept."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    class_weight = np.where(is_label, weights[is_label].sum(), weights[~is_label].sum())
    balanced = weights / class_weight * (weights.sum() / 2)
    model = LogisticRegression(
        C=settings.inverse_regularization, max_iter=100, tol=1e-3
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(inputs, is_label, sample_weight=balanced)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def label_model_inputs(frame: FrameGraph, settings: LabelModelSettings) -> F32:
    """Concatenate the appearance and, if selected, the node features, (n, C)."""
    appearance = frame.appearance.astype(np.float32)
    if not settings.node_features:
        return appearance
    return np.concatenate([appearance, frame.node_features], axis=1)


def label_model_weights(
    appearance_columns: int,
    node_feature_names: tuple[str, ...],
    settings: LabelModelSettings,
) -> F32:
    """Return the weights of the standardised columns of `label_model_inputs`, (C,)."""
    names = node_feature_names if settings.node_features else ()
    nodes = [
        RESIDUAL_WEIGHT if name == RESIDUAL_MOTION else NODE_FEATURE_WEIGHT
        for name in names
    ]
    return np.array([1.0] * appearance_columns + nodes, np.float32)


def fit_label_model(
    graph: VideoGraph, node_labels: SuperpixelLabels, settings: LabelModelSettings
) -> LabelModel:
    """Fit the label model on labelled superpixels.

    Parameters
    ----------
    graph : VideoGraph
        N superpixels.
    node_labels : SuperpixelLabels
        Of these superpixels.
    settings : LabelModelSettings

    Returns
    -------
    model : LabelModel
    """
    columns = graph.frames[0].appearance.shape[1]
    return LabelModel(
        label_samples(graph, node_labels, settings),
        label_model_weights(columns, graph.node_feature_names, settings),
        settings,
        load_projection(settings.projection) if settings.projection else None,
    )


def label_samples(
    graph: VideoGraph, node_labels: SuperpixelLabels, settings: LabelModelSettings
) -> LabelSamples:
    """Gather the inputs of labelled superpixels.

    Painted superpixels and presumed background have weight 1, reduced for small painted
    superpixels; propagated labels have weight `settings.propagated_weight`.

    Parameters
    ----------
    graph, node_labels, settings
        See `fit_label_model`.

    Returns
    -------
    samples : LabelSamples
        Without painted superpixels whose appearance also has another label, see
        `has_conflicting_label`.
    """
    frames, offsets = graph.frames, graph.offsets
    samples, labels, weights, reference = [], [], [], []
    for source, source_weight in (
        (node_labels.drawn, 1.0),
        (node_labels.presumed, 1.0),
        (node_labels.propagated, settings.propagated_weight),
    ):
        labelled = np.flatnonzero(source != UNLABELLED)
        frame_of_node = np.searchsorted(offsets, labelled, side="right") - 1
        for t in np.unique(frame_of_node):
            frame, rows = frames[int(t)], labelled[frame_of_node == t]
            if source is node_labels.drawn:
                painted = frame.appearance[rows - offsets[t]]
                rows = rows[~has_conflicting_label(painted, source[rows])]
            nodes, inputs = rows - offsets[t], label_model_inputs(frame, settings)
            weight = np.full(len(rows), source_weight, np.float32)
            if source is node_labels.drawn:
                weight *= size_weights(frame, settings.small_superpixel)[nodes]
            samples.append(inputs[nodes])
            labels.append(source[rows])
            weights.append(weight)
            if source_weight == 1.0:
                reference.append(inputs)
    annotated_frames = np.concatenate(reference)
    return LabelSamples(
        np.concatenate(samples),
        np.concatenate(labels),
        np.concatenate(weights),
        mean=annotated_frames.mean(axis=0),
        std=annotated_frames.std(axis=0),
    )


def has_conflicting_label(
    appearance: NDArray[np.float16], labels: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Mark superpixels whose appearance also occurs with another label.

    If appearance is not recomputed after a split, all parts of a superpixel have the
    appearance of the whole. They would be contradictory training samples.

    Parameters
    ----------
    appearance : (n, A) ndarray of float16
    labels : (n,) ndarray of int

    Returns
    -------
    conflicting : (n,) ndarray of bool
    """
    _, group = np.unique(appearance, axis=0, return_inverse=True)
    pairs = np.unique(np.stack([group.ravel(), labels]), axis=1)
    repeated = pairs[0][1:][np.diff(pairs[0]) == 0]
    return np.isin(group.ravel(), repeated)


def size_weights(frame: FrameGraph, min_relative_size: float) -> F32:
    """Compute sample weights ``min(size / (r mean(size)), 1)`` of superpixels.

    They suppress small superpixels. Splitting leaves thin superpixels where a brush is
    wider than the region it corrects. The cells of the backbone are larger, so the
    appearance of a thin superpixel is mostly that of its surroundings.

    Parameters
    ----------
    frame : FrameGraph
    min_relative_size : float
        The factor r. Smaller superpixels have a weight in proportion to their size.

    Returns
    -------
    weights : (n,) ndarray of float32
        0 to 1.
    """
    size = frame.sizes
    full_weight_size = np.float32(max(min_relative_size * size.mean(), 1))
    return np.minimum(size / full_weight_size, 1).astype(np.float32)
