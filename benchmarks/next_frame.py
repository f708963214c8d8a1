"""J per round for several rules that select the next frame to correct.

python benchmarks/next_frame.py --davis ROOT --sequences LIST --cache FOLDER

The simulated annotator corrects the most uncertain frame, as the review queue of the
window; the frame farthest from all annotated ones; a random one; or, using the ground
truth, the worst. Also reports the rank correlation of expected and true J, and the mean
of their difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from davis_options import davis_parser, open_sequences
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import spearmanr

from napari_gnn_vos import (
    Config,
    Session,
    annotate,
    drain,
    load_model,
    most_uncertain_frames,
    predict,
)
from napari_gnn_vos.engine import Model
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator, correct

F64 = NDArray[np.float64]
Choice = Callable[[Session, F64, Generator], Iterable[int]]
MODEL_SEED, CHOICE_SEED = 0, 1


def by_truth(session: Session, j: F64, _rng: Generator) -> Iterable[int]:
    """Order frames by true J, the worst first."""
    return _without_annotated(session, np.argsort(j.mean(axis=1), kind="stable"))


def by_uncertainty(session: Session, _j: F64, _rng: Generator) -> Iterable[int]:
    """Order frames by uncertainty, as the review queue of the window."""
    return most_uncertain_frames(session)


def by_distance(session: Session, j: F64, _rng: Generator) -> Iterable[int]:
    """Order frames by distance from annotated frames, the farthest first."""
    distance = np.abs(
        np.arange(len(j))[:, None] - np.unique(session.painted_pixels.frame)
    ).min(axis=1)
    return _without_annotated(session, np.argsort(-distance, kind="stable"))


def at_random(session: Session, j: F64, rng: Generator) -> Iterable[int]:
    """Order frames at random."""
    return _without_annotated(session, rng.permutation(len(j)))


def _without_annotated(session: Session, order: NDArray[np.int64]) -> list[int]:
    annotated = set(session.painted_pixels.frame.tolist())
    return [int(t) for t in order if t not in annotated]


CHOICES: dict[str, Choice] = {
    "worst by the truth": by_truth,
    "most uncertain": by_uncertainty,
    "farthest": by_distance,
    "at random": at_random,
}


def main() -> None:
    """Run all sequences with each rule, and print the means."""
    parser = davis_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--only", choices=list(CHOICES), nargs="*", default=list(CHOICES)
    )
    options, model = parser.parse_args(), load_model(device="cpu")
    for name in options.only:
        js, bias, correlation = [], [], []
        for video in open_sequences(options, Config()):
            j, difference, rank = run(video, CHOICES[name], model, options.rounds)
            js.append(j)
            bias.append(difference)
            correlation.append(rank)
        mean = " ".join(f"{j:.3f}" for j in np.concatenate(js, axis=1).mean(axis=1))
        expected = (
            f"rank correlation {np.nanmean(correlation):.2f}, bias {np.mean(bias):+.3f}"
        )
        print(f"{name}: J {mean}; expected J: {expected}", flush=True)


def run(
    video: LabelledVideo, choose: Choice, model: Model, rounds: int
) -> tuple[F64, list[float], list[float]]:
    """Run rounds; return J per round and object, and bias and correlation per round."""
    session, truth, objects = video.session, video.truth, objects_of(video.truth)
    rng = np.random.default_rng(MODEL_SEED)
    choice_rng = np.random.default_rng(CHOICE_SEED)
    scribbles = SimulatedAnnotator()(None, truth, rng)
    js, bias, correlation = [], [], []
    for _ in range(rounds):
        if scribbles:
            session = annotate(session, scribbles, rng=rng)
            session = drain(predict(session, model))
        labels = np.asarray(session.packed_labels)
        j = jaccard(labels, truth, objects)
        js.append(j.mean(axis=0))
        expected = session.prediction.expected_j.mean(axis=1)
        bias.append(float(expected.mean() - j.mean()))
        correlation.append(spearmanr(expected, j.mean(axis=1)).statistic)
        corrections = (
            correct(t, labels[t], truth[t]) for t in choose(session, j, choice_rng)
        )
        scribbles = next(filter(None, corrections), ())
    return np.array(js), bias, correlation


if __name__ == "__main__":
    main()
