"""J after strokes on the object alone, with and without guesses that look like it.

python benchmarks/one_stroke.py --davis ROOT --sequences LIST --cache FOLDER
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from asked import arguments, each

from napari_gnn_vos import annotate, drain, load_model, predict
from napari_gnn_vos.config import Config, SeedSettings
from napari_gnn_vos.engine import Model
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

SHARES = 0.0, 0.25
"""Of the guesses, how many are left out."""


def strokes(footage: LabelledVideo) -> dict[str, list[Scribble]]:
    """All that the robot draws on objects, and the middle third of its longest."""
    drawn = SimulatedAnnotator()(None, footage.truth, np.random.default_rng(0))
    on_objects = [scribble for scribble in drawn if scribble.label > 0]
    longest = on_objects[0]
    third = max(len(longest.path) // 3, 1)
    short = replace(longest, path=longest.path[third : -third or None])
    return {"a short stroke": [short], "long strokes": on_objects}


def j_after(footage: LabelledVideo, scribbles: list[Scribble], model: Model) -> float:
    """Mean J of the objects after one round."""
    rng = np.random.default_rng(0)
    session = annotate(footage.session, scribbles, rng=rng)
    painted = np.asarray(drain(predict(session, model)).packed_labels)
    return float(jaccard(painted, footage.truth, objects_of(footage.truth)).mean())


def main() -> None:
    """Play every sequence and print the means."""
    asked, model = arguments(__doc__).parse_args(), load_model()
    found: dict[tuple[str, float], list[float]] = {}
    for share in SHARES:
        for one in each(asked, Config(seeds=SeedSettings(excluded_share=share))):
            for what, scribbles in strokes(one).items():
                j = j_after(one, scribbles, model)
                found.setdefault((what, share), []).append(j)
    for (what, share), js in sorted(found.items()):
        print(f"{what}, {share:.0%} of the guesses left out: J {np.mean(js):.3f}")


if __name__ == "__main__":
    main()
