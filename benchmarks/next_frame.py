"""Compare rules that select the next frame to correct, on held-out sequences.

python benchmarks/next_frame.py --davis ROOT --trained WEIGHTS --cache FOLDER --json F

WEIGHTS are those of the folds, such as `benchmarks/fold_weights`.
Each sequence is predicted by the weights of the fold that holds it out. The simulated
annotator corrects the most uncertain frame, as the review queue of the window; the
frame farthest from all annotated ones; the middle one of the longest interval without
annotation; a random one; or, using the ground truth, the worst. Reports J per round,
the strokes until J .80 and .90, and the rank correlation of expected and true J. A run
is continued from its file if it was interrupted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import spearmanr

from napari_gnn_vos import (
    Session,
    annotate,
    drain,
    load_model,
    most_uncertain_frames,
    predict,
)
from napari_gnn_vos.engine import Model
from napari_gnn_vos.study.cross_validation.fold_plan import (
    CrossValidation,
    all_sequences,
)
from napari_gnn_vos.study.labelled_video import LabelledVideo, open_davis_videos
from napari_gnn_vos.study.measure.benchmark_report import write_json
from napari_gnn_vos.study.metrics import jaccard, objects_of, strokes_to_reach
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


def by_interval(session: Session, j: F64, _rng: Generator) -> Iterable[int]:
    """Order frames by distance from the middle of the longest empty interval."""
    annotated = np.unique(session.painted_pixels.frame)
    ends = np.array([-1, *annotated, len(j)])
    longest = int(np.diff(ends).argmax())
    middle = (ends[longest] + ends[longest + 1]) / 2
    order = np.argsort(np.abs(np.arange(len(j)) - middle), kind="stable")
    return _without_annotated(session, order)


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
    "middle of the longest interval": by_interval,
    "at random": at_random,
}


LEVELS = 0.8, 0.9


def main() -> None:
    """Run all sequences with each rule, and print a table."""
    options = parse_options()
    path: Path = options.json
    results = json.loads(path.read_text()) if path.exists() else {}
    for name, video, model in held_out_videos(options):
        for rule in options.only:
            if name not in results.setdefault(rule, {}):
                results[rule][name] = run(video, CHOICES[rule], model, options.rounds)
                write_json(path, results)
        print(f"{name} is complete", flush=True)
    print(table(results))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--davis", type=Path, required=True, help="DAVIS layout")
    parser.add_argument("--trained", type=Path, required=True, help="fold weights")
    parser.add_argument("--cache", type=Path, required=True, help="prepared graphs")
    parser.add_argument("--json", type=Path, required=True, help="results")
    parser.add_argument("--sequences", nargs="*", help="all by default")
    parser.add_argument("--rounds", type=int, default=8)
    rules = list(CHOICES)
    parser.add_argument("--only", choices=rules, nargs="*", default=rules)
    return parser.parse_args()


def held_out_videos(
    options: argparse.Namespace,
) -> Iterator[tuple[str, LabelledVideo, Model]]:
    """Open each sequence with the settings and the network of its fold."""
    names, cache = all_sequences(options.davis), options.cache
    folds = CrossValidation(options.davis, names, cache, cache, trained=options.trained)
    for fold in range(folds.folds):
        model = load_model(folds.weights(fold), "cpu")
        for name in folds.held_out(fold):
            if not options.sequences or name in options.sequences:
                (video,) = drain(
                    open_davis_videos(
                        options.davis, [name], folds.config_of(fold), cache
                    )
                )
                yield name, video, model


def run(
    video: LabelledVideo, choose: Choice, model: Model, rounds: int
) -> dict[str, list[float]]:
    """Run rounds; return mean J, strokes and rank correlation of each round."""
    session, truth, objects = video.session, video.truth, objects_of(video.truth)
    rng = np.random.default_rng(MODEL_SEED)
    choice_rng = np.random.default_rng(CHOICE_SEED)
    scribbles = SimulatedAnnotator()(None, truth, rng)
    result: dict[str, list[float]] = {"j": [], "strokes": [], "correlation": []}
    for _ in range(rounds):
        if scribbles:
            session = annotate(session, scribbles, rng=rng)
            session = drain(predict(session, model))
        labels = np.asarray(session.packed_labels)
        j = jaccard(labels, truth, objects)
        assert session.prediction is not None  # the first strokes are never empty
        expected = session.prediction.expected_j.mean(axis=1)
        result["j"].append(float(j.mean()))
        result["strokes"].append(len(scribbles))
        rank = float(spearmanr(expected, j.mean(axis=1)).statistic)
        result["correlation"].append(rank)
        corrections = (
            correct(t, labels[t], truth[t]) for t in choose(session, j, choice_rng)
        )
        scribbles = tuple(next(filter(None, corrections), ()))
    return result


def table(results: dict[str, dict[str, Any]]) -> str:
    """Format the means over all sequences in Markdown."""
    rounds = [1, 2, 4, 8]
    head = ["next frame", *(f"J after {r}" for r in rounds)]
    head += [f"strokes until {level:.2f} (reached)" for level in LEVELS]
    lines = [f"| {' | '.join([*head, 'rank correlation'])} |", "|---" * 8 + "|"]
    for rule, by_name in results.items():
        runs = list(by_name.values())
        shown = [r for r in rounds if r <= len(runs[0]["j"])]
        cells = [f"{np.mean([run['j'][r - 1] for run in runs]):.3f}" for r in shown]
        cells += [""] * (len(rounds) - len(shown))
        for level in LEVELS:
            counts = [strokes_to_reach(run["j"], run["strokes"], level) for run in runs]
            reached = [count for count in counts if count is not None]
            mean = f"{np.mean(reached):.1f}" if reached else "-"
            cells.append(f"{mean} ({len(reached)} of {len(runs)})")
        correlation = np.nanmean([run["correlation"] for run in runs])
        lines.append(f"| {' | '.join([rule, *cells, f'{correlation:.2f}'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
