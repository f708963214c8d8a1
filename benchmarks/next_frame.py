"""J by round when the next frame is chosen without knowing the truth.

python benchmarks/next_frame.py --davis ROOT --sequences LIST --cache FOLDER

The robot corrects the frame that is told it: the least sure one, as the window's button
tells; the farthest from all that is drawn on; one at random; or, knowing the truth, the
worst. Also tells how the J that answers expect themselves goes with what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from asked import arguments, each
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
    """Worst frames first."""
    return _not_drawn(session, np.argsort(j.mean(axis=1), kind="stable"))


def least_sure_first(session: Session, _j: F64, _rng: Generator) -> Iterable[int]:
    """As the window tells."""
    return most_uncertain_frames(session)


def farthest(session: Session, j: F64, _rng: Generator) -> Iterable[int]:
    """Farthest first from frames that are drawn on."""
    far = np.abs(
        np.arange(len(j))[:, None] - np.unique(session.painted_pixels.frame)
    ).min(axis=1)
    return _not_drawn(session, np.argsort(-far, kind="stable"))


def at_random(session: Session, j: F64, rng: Generator) -> Iterable[int]:
    """Any order."""
    return _not_drawn(session, rng.permutation(len(j)))


def _not_drawn(session: Session, order: NDArray[np.int64]) -> list[int]:
    drawn = set(session.painted_pixels.frame.tolist())
    return [int(t) for t in order if t not in drawn]


CHOICES: dict[str, Choice] = {
    "worst by the truth": by_truth,
    "least sure": least_sure_first,
    "farthest": farthest,
    "at random": at_random,
}


def main() -> None:
    """Play every sequence by all choices, and print the means."""
    read = arguments(__doc__)
    read.add_argument("--rounds", type=int, default=4)
    read.add_argument("--only", choices=list(CHOICES), nargs="*", default=list(CHOICES))
    asked, model = read.parse_args(), load_model(device="cpu")
    for name in asked.only:
        js, more, agreed = [], [], []
        for found in each(asked, Config()):
            j, too_much, rank = play(found, CHOICES[name], model, asked.rounds)
            js.append(j)
            more.append(too_much)
            agreed.append(rank)
        mean = " ".join(f"{j:.3f}" for j in np.concatenate(js, axis=1).mean(axis=1))
        expected = (
            f"rank correlation {np.nanmean(agreed):.2f}, {np.mean(more):.3f} more"
        )
        print(f"{name}: {mean}; expected J: {expected} than there is", flush=True)


def play(
    found: LabelledVideo, choose: Choice, model: Model, rounds: int
) -> tuple[F64, list[float], list[float]]:
    """J of every object after every round; by how much more is expected; and ranks."""
    session, truth, objects = found.session, found.truth, objects_of(found.truth)
    rng = np.random.default_rng(MODEL_SEED)
    lots = np.random.default_rng(CHOICE_SEED)
    scribbles, js, more, agreed = SimulatedAnnotator()(None, truth, rng), [], [], []
    for _ in range(rounds):
        if scribbles:
            session = annotate(session, scribbles, rng=rng)
            session = drain(predict(session, model))
        labels = np.asarray(session.packed_labels)
        j = jaccard(labels, truth, objects)
        js.append(j.mean(axis=0))
        expected = session.prediction.expected_j.mean(axis=1)
        more.append(float(expected.mean() - j.mean()))
        agreed.append(spearmanr(expected, j.mean(axis=1)).statistic)
        drawn = (correct(t, labels[t], truth[t]) for t in choose(session, j, lots))
        scribbles = next(filter(None, drawn), ())
    return np.array(js), more, agreed


if __name__ == "__main__":
    main()
