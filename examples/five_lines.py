"""Label a video: read, prepare, annotate, predict.

A synthetic scene stands in for a file. With a file, begin with
``video = read_video("clip.mp4")``.
"""

import numpy as np

from napari_gnn_vos import Scribble, annotate, drain, load_model, predict, start
from napari_gnn_vos.io.samples.photo_scenes import compose_scene

video, truth = compose_scene(frames=12)

# Once per video. start(video, cache=folder) stores the result for the next time.
session = drain(start(video))

# A scribble has a frame, a label (0 is background) and a path of (row, column).
scribbles = [
    Scribble(0, 1, [[60, 110], [110, 130]]),
    Scribble(0, 2, [[130, 340], [150, 350]]),
    Scribble(0, 0, [[30, 20], [200, 30], [220, 200]]),
]
session = annotate(session, scribbles, rng=np.random.default_rng(0))
session = drain(predict(session, load_model()))

labels = session.labels  # (T, H, W) uint8
for label in (1, 2):
    predicted, true = labels == label, truth == label
    j = (predicted & true).sum() / (predicted | true).sum()
    print(f"Object {label}: J {j:.3f} over {len(labels)} frames")
    assert j > 0.8
