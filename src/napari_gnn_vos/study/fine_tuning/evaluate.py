"""Measure J of a model on held-out clips with simulated strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_gnn_vos.engine import Model, annotate, predict
from napari_gnn_vos.progress import Pipeline, Progress, nested_progress
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.rounds import StrokesOnFrames
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator


@dataclass(frozen=True, slots=True)
class Evaluation:
    """J on held-out clips.

    Parameters
    ----------
    j : tuple of float
        Mean J after each round over the labelled frames of each object, then over the
        clips.
    several : bool
        Whether the network for several objects was used on a clip; it is if the label
        model distinguishes several objects.
    """

    j: tuple[float, ...]
    several: bool

    @property
    def mean(self) -> float:
        """Mean J over the rounds."""
        return float(np.mean(self.j))


def evaluate(
    clips: Sequence[LabelledVideo], model: Model, rounds: int, seed: int
) -> Pipeline[Evaluation]:
    """Run a simulated session on each clip.

    Parameters
    ----------
    clips : sequence of LabelledVideo
    model : Model
    rounds : int
    seed : int
        Seed of the random generator that samples seeds from strokes.

    Yields
    ------
    step : Progress

    Returns
    -------
    evaluation : Evaluation
    """
    js, several = [], False
    for number, clip in enumerate(clips):
        step = Progress("measure J", number, len(clips))
        rng = np.random.default_rng(seed)
        session = _simulated_session(clip, model, rounds, rng)
        clip_js, last = yield from nested_progress(session, step)
        js.append(clip_js)
        several = several or _has_several_groups(last)
    mean = np.mean(js, axis=0)
    return Evaluation(tuple(float(j) for j in mean), several)


def _simulated_session(
    clip: LabelledVideo, model: Model, rounds: int, rng: np.random.Generator
) -> Pipeline[tuple[list[float], Session]]:
    """Annotate and predict; return J after each round on the labelled frames."""
    rows, session = list(clip.labelled_frames), clip.session
    annotator = StrokesOnFrames(SimulatedAnnotator(), clip.labelled_frames)
    truth, objects, js = clip.truth, objects_of(clip.truth), []
    labels = None
    for _ in range(rounds):
        scribbles = annotator(labels, truth, rng, session.corrected_frames)
        if scribbles:
            session = annotate(session, scribbles, rng=rng)
            session = yield from predict(session, model)
            labels = np.asarray(session.packed_labels)
        shown = np.zeros_like(truth) if labels is None else labels
        js.append(float(jaccard(shown[rows], truth[rows], objects).mean()))
    return js, session


def _has_several_groups(session: Session) -> bool:
    prediction = session.prediction
    if prediction is None:
        return False
    grouped = len(prediction.grouped)
    return len(prediction.objects) - grouped + (grouped > 0) > 1
