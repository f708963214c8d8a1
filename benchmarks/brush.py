"""J per round if the simulated annotator paints with the brush, across boundaries.

python benchmarks/brush.py --davis ROOT --sequences LIST --cache FOLDER
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from davis_options import davis_parser, open_sequences
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos import load_model
from napari_gnn_vos.config import Config, LabelModelSettings
from napari_gnn_vos.controller.drawing_conversion import brush_size
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

SETTINGS = {
    "default": LabelModelSettings(),
    "small superpixels with full weight": LabelModelSettings(small_superpixel=0),
    "appearance of parts not re-computed": LabelModelSettings(
        small_superpixel=0, recompute_appearance=False
    ),
}


@dataclass(frozen=True)
class Brush:
    """A simulated annotator whose strokes have the width of the brush."""

    annotator: SimulatedAnnotator

    def __call__(
        self,
        labels: NDArray[np.uint8] | None,
        truth: NDArray[np.uint8],
        rng: Generator,
        used: Collection[int] = (),
    ) -> tuple[Scribble, ...]:
        """Draw the strokes of a round, see `StrokeSource`."""
        size = brush_size(truth.shape)
        offsets = np.mgrid[-(size // 2) : size // 2 + 1, -(size // 2) : size // 2 + 1]
        disc = offsets.reshape(2, -1).T[np.hypot(*offsets).ravel() <= size / 2]

        def widen(stroke: Scribble) -> Scribble:
            pixels = (rasterise(stroke, truth.shape)[:, None] + disc).reshape(-1, 2)
            inside = ((pixels >= 0) & (pixels < truth.shape[1:])).all(axis=1)
            path = np.unique(pixels[inside], axis=0).astype(float)
            return Scribble(stroke.frame, stroke.label, path, connected=False)

        return tuple(map(widen, self.annotator(labels, truth, rng, used)))


def main() -> None:
    """Run all sequences with all settings, and print the means."""
    parser = davis_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    options, model = parser.parse_args(), load_model(device="cpu")
    for name, settings in SETTINGS.items():
        config, js = Config(label_model=settings), []
        for video in open_sequences(options, config):
            rng, brush = np.random.default_rng(0), Brush(SimulatedAnnotator())
            scores = run_rounds(
                video.session, video.truth, brush, model, rounds=options.rounds, rng=rng
            )
            js.append(
                np.concatenate([score.j.mean(axis=0)[None] for _, score in scores])
            )
        mean = np.concatenate(js, axis=1).mean(axis=1)
        print(f"{name}: {' '.join(f'{j:.3f}' for j in mean)}", flush=True)


if __name__ == "__main__":
    main()
