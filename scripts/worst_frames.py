"""Pictures of the frames with the lowest J, predicted by two models or settings.

python scripts/worst_frames.py OUTPUT.webp --davis ROOT --sequences bear,boat \
    --before runs/a/last.safetensors --before-settings a.toml \
    --after runs/b/last.safetensors --after-settings b.toml
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_gnn_vos import Config, load_model
from napari_gnn_vos.engine import Model
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.labelled_video import LabelledVideo, open_davis_videos
from napari_gnn_vos.study.metrics import jaccard
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
TRUTH_COLOUR, LABEL_COLOUR = (255, 255, 255), (255, 60, 200)
WIDTH, LINE = 427, 2
"""Width of a picture, and of the outlines, in pixels."""
DISTANCE = 10
"""Smallest distance in frames of two pictures of one sequence."""


@dataclass(frozen=True)
class Candidate:
    """A frame with its labels before and after."""

    sequence: str
    frame: int
    rgb: U8
    truth: U8
    labels: tuple[U8, U8]
    scores: tuple[float, float]

    def picture(self) -> U8:
        """Draw the outlines of truth and labels, before on the left."""
        halves = [
            self._half(labels, score)
            for labels, score in zip(self.labels, self.scores, strict=True)
        ]
        return np.concatenate(halves, axis=1)

    def _half(self, labels: U8, score: float) -> U8:
        out = self.rgb.copy()
        for mask, colour in ((self.truth, TRUTH_COLOUR), (labels, LABEL_COLOUR)):
            kind = cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
            outlines, _ = cv2.findContours((mask > 0).astype(np.uint8), *kind)
            cv2.drawContours(out, outlines, -1, colour, LINE)
        text = f"{self.sequence} {self.frame}: J {score:.2f}"
        font = cv2.FONT_HERSHEY_SIMPLEX, 1.0
        cv2.putText(out, text, (10, 36), *font, (0, 0, 0), 5, cv2.LINE_AA)
        cv2.putText(out, text, (10, 36), *font, TRUTH_COLOUR, 2, cv2.LINE_AA)
        height = round(WIDTH * out.shape[0] / out.shape[1])
        small = cv2.resize(out, (WIDTH, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small)


def predicted(video: LabelledVideo, model: Model, rounds: int) -> U8:
    """Labels after some rounds of the simulated annotator."""
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    steps = run_rounds(
        video.session, video.truth, annotator, model, rounds=rounds, rng=rng
    )
    *_, (session, _) = steps
    return np.asarray(session.packed_labels)


def candidates(options: argparse.Namespace, name: str) -> Iterator[Candidate]:
    """Predict a sequence with both models; yield its worst frames, far apart."""
    labels, scores = [], []
    for model, settings in (
        (options.before, options.before_settings),
        (options.after, options.after_settings),
    ):
        config = Config.read(settings) if settings else Config()
        (video,) = drain(
            open_davis_videos(options.davis, [name], config, options.cache)
        )
        labels.append(predicted(video, load_model(model, "cpu"), options.rounds))
        scores.append(jaccard(labels[-1], video.truth, [1])[:, 0])
    used: list[int] = []
    for t in np.argsort(scores[0]):
        if video.truth[t].any() and all(abs(t - other) >= DISTANCE for other in used):
            used.append(int(t))
            rgb = video.session.video.rgb(int(t))
            pair: Any = tuple(array[t] for array in labels)
            both: Any = tuple(float(array[t]) for array in scores)
            yield Candidate(name, int(t), rgb, video.truth[t], pair, both)


def main() -> None:
    """Predict, select the worst frames and save their pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--davis", type=Path, required=True)
    parser.add_argument("--sequences", required=True)
    parser.add_argument("--before", default="gatedgcn", help="name or file of a model")
    parser.add_argument("--before-settings", type=Path, help="TOML file")
    parser.add_argument("--after", default="gatedgcn", help="name or file of a model")
    parser.add_argument("--after-settings", type=Path, help="TOML file")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=Path("build/cache"))
    options = parser.parse_args()
    found: list[Candidate] = []
    for name in sequences(options.davis, options.sequences):
        found += [c for c, _ in zip(candidates(options, name), range(2), strict=False)]
        print(
            name,
            *(f"{c.frame}: {c.scores[0]:.2f} {c.scores[1]:.2f}" for c in found[-2:]),
        )
    worst = sorted(found, key=lambda c: c.scores[0])[: options.count]
    rows = [c.picture() for c in worst]
    pairs = [
        np.concatenate(rows[k : k + 2], axis=1) for k in range(0, len(rows) - 1, 2)
    ]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(pairs)).save(options.output, quality=80)


if __name__ == "__main__":
    main()
