"""Label three objects and inspect their probabilities.

Each object is predicted against the rest. The results are combined so that the
probabilities of a superpixel sum to 1.
"""

import numpy as np

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.study.metrics import jaccard
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

video, truth = compose_scene(seed=1, frames=6, shape=(180, 320), objects=3)
rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
model, session, labels = load_model(), drain(start(video)), None

for round_index in range(1, 3):
    scribbles = annotator(labels, truth, rng)
    if not scribbles:
        break
    session = drain(predict(annotate(session, scribbles, rng=rng), model))
    labels = session.labels
    j = jaccard(labels, truth, [1, 2, 3]).mean(axis=0)
    print(f"Round {round_index}: J of the objects {j.round(3)}")

prediction = session.prediction
probability = prediction.probability[0]  # of frame 0: (superpixels, 1 + objects)
print("Columns: background and the objects", prediction.objects)
assert np.allclose(probability.sum(axis=1), 1, atol=1e-5)
