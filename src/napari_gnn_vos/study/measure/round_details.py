"""Further figures of an annotation round: label model, presence and identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.baselines import LabelModelRecorder
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
    """

    strokes: int
    label_model_j: tuple[float, ...]
    present_j: tuple[float, ...]
    false_positive: tuple[float | None, ...]
    switches: tuple[int, ...]


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
    return RoundDetails(
        strokes,
        tuple(coarse_j.mean(axis=0).tolist()),
        tuple(present_mean(score.j, area)),
        tuple(false_positive_share(predicted, area, truth[0].size)),
        tuple(identity_switches(labels, truth, objects)),
    )
