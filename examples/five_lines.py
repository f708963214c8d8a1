"""The whole walk: read a video, draw on it, get labels for every frame.

A composed scene stands in for a file here; with a file, begin with
``video = read_video("dancing.mp4")``.
"""

import numpy as np

from napari_gnn_vos import Scribble, annotate, drain, load_model, predict, start
from napari_gnn_vos.io.photo_scenes import compose_scene

video, truth = compose_scene(frames=12)

# Once per video. `start(video, cache=folder)` keeps the result for the next time.
session = drain(start(video))

# A stroke is a frame, a label (0 is background) and a path of (row, column).
strokes = [
    Scribble(0, 1, [[60, 110], [110, 130]]),
    Scribble(0, 2, [[130, 340], [150, 350]]),
    Scribble(0, 0, [[30, 20], [200, 30], [220, 200]]),
]
session = annotate(session, strokes, rng=np.random.default_rng(0))
session = drain(predict(session, load_model()), on_step=print)

labels = session.labels  # (T, H, W) uint8
for label in (1, 2):
    found, right = labels == label, truth == label
    j = (found & right).sum() / (found | right).sum()
    print(f"Object {label}: J {j:.3f} over {len(labels)} frames")

# A session is a value: the next round starts from it, and undo is the one before.
