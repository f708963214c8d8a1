"""Further figures of an annotation round: label model, presence and identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.baselines import LabelModelRecorder
from napari_gnn_vos.study.measure.ceiling import mean_ceiling
from napari_gnn_vos.study.metrics import (
    false_positive_share,
    identity_switches,
    jaccard,
    object_areas,
    objects_of,
    present_mean,
)
from napari_gnn_vos.study.rounds import Score


@dataclass(frozen=True, slots=True)
class RoundDetails:
    """Further figures of one round, for K objects.

    Parameters
    ----------
    strokes : int
        Strokes drawn in this round.
    label_model_j : tuple of K float
        Mean J of the label model alone, see
        `baselines.LabelModelRecorder`.
    present_j : tuple of K float
        Mean J over the frames on which the object is present.
    false_positive : tuple of K float or None
        See `metrics.false_positive_share`.
    switches : tuple of K int
        See `metrics.identity_switches`.
    frame_j, expected_j : tuple of T K float
        True and expected J of each frame and object, in the order of a (T, K) array;
        empty in results of earlier versions.
    ceiling : float
        See `ceiling.mean_ceiling`; of the superpixels that were labelled in this round.
    superpixels : float
        Their mean number per frame. Both are 0 in results of earlier versions.
    """

    strokes: int
    label_model_j: tuple[float, ...]
    present_j: tuple[float, ...]
    false_positive: tuple[float | None, ...]
    switches: tuple[int, ...]
    frame_j: tuple[float, ...] = ()
    expected_j: tuple[float, ...] = ()
    ceiling: float = 0.0
    superpixels: float = 0.0


def round_details(
    session: Session,
    score: Score,
    recorder: LabelModelRecorder,
    truth: NDArray[np.uint8],
    strokes: int,
) -> RoundDetails:
    """Compute the details of a round.

    Parameters
    ----------
    session : Session
        After the prediction of the round.
    score : Score
        Of the round.
    recorder : LabelModelRecorder
        The model that predicted.
    truth : (T, H, W) ndarray of uint8
    strokes : int
        Strokes drawn in the round.
    """
    objects = objects_of(truth)
    labels = np.asarray(session.packed_labels)
    area = object_areas(truth, objects)
    predicted = object_areas(labels, objects)
    coarse_j = jaccard(recorder.labels(session), truth, objects)
    expected_j = _expected_j(session, objects)
    return RoundDetails(
        strokes,
        tuple(coarse_j.mean(axis=0).tolist()),
        tuple(present_mean(score.j, area)),
        tuple(false_positive_share(predicted, area, truth[0].size)),
        tuple(identity_switches(labels, truth, objects)),
        _rounded(score.j) if expected_j is not None else (),
        _rounded(expected_j) if expected_j is not None else (),
        mean_ceiling(session.graph, truth),
        session.graph.n / session.graph.shape[0],
    )


def _expected_j(
    session: Session, objects: Sequence[int]
) -> NDArray[np.floating[Any]] | None:
    """Return the expected J, (T, K); None if not all objects have been predicted."""
    prediction = session.prediction
    if prediction is None or not set(objects) <= set(prediction.objects):
        return None
    return prediction.expected_j[:, [prediction.objects.index(k) for k in objects]]


def _rounded(values: NDArray[np.floating[Any]]) -> tuple[float, ...]:
    return tuple(np.asarray(values, float).ravel().round(4).tolist())
