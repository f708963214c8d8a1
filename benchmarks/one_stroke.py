"""J after strokes on objects only, by the share of excluded background seeds.

python benchmarks/one_stroke.py --davis ROOT --sequences LIST --cache FOLDER
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from davis_options import davis_parser, open_sequences

from napari_gnn_vos import annotate, drain, load_model, predict
from napari_gnn_vos.config import Config, SeedSettings
from napari_gnn_vos.engine import Model
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

SHARES = 0.0, 0.25
"""Share of the presumed background that is excluded as too similar to the object."""


def strokes_on_objects(video: LabelledVideo) -> dict[str, list[Scribble]]:
    """Draw the simulated strokes on objects, and the middle third of the longest."""
    drawn = SimulatedAnnotator()(None, video.truth, np.random.default_rng(0))
    on_objects = [scribble for scribble in drawn if scribble.label > 0]
    longest = on_objects[0]
    third = max(len(longest.path) // 3, 1)
    short = replace(longest, path=longest.path[third : -third or None])
    return {"a short stroke": [short], "long strokes": on_objects}


def j_after(video: LabelledVideo, scribbles: list[Scribble], model: Model) -> float:
    """Compute mean J of the objects after one round."""
    rng = np.random.default_rng(0)
    session = annotate(video.session, scribbles, rng=rng)
    labels = np.asarray(drain(predict(session, model)).packed_labels)
    return float(jaccard(labels, video.truth, objects_of(video.truth)).mean())


def main() -> None:
    """Run all sequences and print the means."""
    options, model = davis_parser(__doc__).parse_args(), load_model()
    results: dict[tuple[str, float], list[float]] = {}
    for share in SHARES:
        for video in open_sequences(
            options, Config(seeds=SeedSettings(excluded_share=share))
        ):
            for name, scribbles in strokes_on_objects(video).items():
                j = j_after(video, scribbles, model)
                results.setdefault((name, share), []).append(j)
    for (name, share), js in sorted(results.items()):
        print(f"{name}, {share:.0%} of background seeds excluded: J {np.mean(js):.3f}")


if __name__ == "__main__":
    main()
