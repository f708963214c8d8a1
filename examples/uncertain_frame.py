"""Find the frames that are most likely to need a correction."""

from itertools import islice

import numpy as np

from napari_gnn_vos import (
    annotate,
    drain,
    load_model,
    most_uncertain_frames,
    predict,
    start,
)
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

video, truth = compose_scene(frames=16)
model, rng, annotator = load_model(), np.random.default_rng(0), SimulatedAnnotator()

session = drain(start(video))
session = annotate(session, annotator(None, truth, rng), rng=rng)
session = drain(predict(session, model))

# The frames in order of expected error, without those that are annotated.
ranking = list(islice(most_uncertain_frames(session), 3))
print("Frames to inspect:", ranking)
for frame in ranking:
    expected = session.prediction.expected_j[frame]
    actual = (session.labels[frame] != truth[frame]).mean()
    print(f"Frame {frame}: expected J {expected.round(3)}, {actual:.1%} wrong pixels")
