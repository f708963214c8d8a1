"""Correct a prediction with a further scribble, and undo the correction.

A session is immutable: `annotate` and `predict` return a new one. The history is
therefore a list of sessions, and undo returns to an earlier one.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_gnn_vos import Scribble, annotate, drain, load_model, predict, start
from napari_gnn_vos.io.samples.photo_scenes import compose_scene

video, truth = compose_scene(seed=7, frames=8, shape=(160, 284), objects=1)
model, rng = load_model(), np.random.default_rng(0)


def accuracy(session):
    """Intersection over union of object 1 over all frames."""
    predicted, true = session.labels == 1, truth == 1
    return (predicted & true).sum() / (predicted | true).sum()


row, column = np.argwhere(truth[0] == 1).mean(axis=0)
first = Scribble(0, 1, [[row - 5, column], [row + 5, column]])
prepared = drain(start(video))
round_1 = drain(predict(annotate(prepared, [first], rng=rng), model))
print(f"Round 1: J {accuracy(round_1):.3f}")

# The correction is a short stroke in the largest error of the worst frame.
wrong = round_1.labels != truth
frame = int(wrong.sum(axis=(1, 2)).argmax())
depth = distance_transform_edt(wrong[frame])
row, column = np.unravel_index(depth.argmax(), depth.shape)
label = int(truth[frame, row, column])
correction = Scribble(frame, label, [[row, column - 3], [row, column + 3]])
round_2 = drain(predict(annotate(round_1, [correction], rng=rng), model))
print(f"Round 2, corrected on frame {frame}: J {accuracy(round_2):.3f}")

# Drawn labels are binding, and the earlier session is unchanged.
assert round_2.labels[frame, row, column] == label
assert len(round_1.rounds) == 1

# Undo: continue from round_1. An eraser (label -1) removes single strokes instead.
erased = Scribble(correction.frame, -1, correction.path)
round_3 = annotate(round_2, [erased], rng=rng)
assert len(round_3.painted_pixels) == len(round_1.painted_pixels)
