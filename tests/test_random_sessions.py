"""Random sessions: any labels, strokes of the eraser, groups, splits; 1 to 6 frames."""

import numpy as np
import pytest

from napari_gnn_vos import load_model
from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, predict, split_at_boundaries, start
from napari_gnn_vos.interact import similar_objects
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import ERASED
from tests import scenes

LABELS = 1, 2, 5, 9, 17, 254, 255, 256, 300, 32767


def random_video(rng):
    """One to six squares, most of them of equal colour."""
    squares = []
    for _ in range(rng.integers(1, 7)):
        other = tuple(int(value) for value in rng.integers(0, 256, 3))
        colour = scenes.RED if rng.random() < 0.7 else other
        row, col = int(rng.integers(10, 28)), int(rng.integers(10, 40))
        step = tuple(int(value) for value in rng.integers(-2, 3, 2))
        squares.append((row, col, int(rng.integers(6, 20)), step, colour))
    return scenes.moving_squares(*squares, frames=int(rng.integers(1, 7)))


def random_stroke(rng, truth, labels):
    """A stroke inside an object, or anywhere."""
    frame, number = int(rng.integers(len(truth))), int(rng.integers(len(labels)))
    pixels = np.argwhere(truth[frame] == number + 1)
    if len(pixels) and rng.random() < 0.7:
        points = pixels[rng.integers(len(pixels), size=2)]
        return scenes.line(frame, labels[number], *points)
    points = rng.uniform(0, 1, (2, 2)) * (np.array(truth.shape[1:]) - 1)
    label = int(rng.choice([*labels, 0, 0, ERASED]))
    return scenes.line(frame, label, *points)


@pytest.mark.parametrize("seed", range(16))
def test_strokes_bind_in_random_sessions(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(similar_objects, "RESOLVED", float(rng.choice([0.68, 1.0])))
    video, truth = random_video(rng)
    count = int(truth.max(initial=1))
    labels = sorted(int(k) for k in rng.choice(LABELS, count, replace=False))
    refine = str(rng.choice(["none", "guided", "decoder"]))
    session, model = drain(start(video, Config(refine=refine))), load_model()
    for _ in range(4):
        strokes = [random_stroke(rng, truth, labels) for _ in range(rng.integers(2, 6))]
        strokes.append(scenes.line(0, labels[0], (24, 30), (26, 32)))
        session = drain(predict(annotate(session, strokes, rng=rng), model))
        painted, predicted = session.painted_pixels, session.labels
        under_strokes = predicted[painted.frame, painted.row, painted.col]
        np.testing.assert_array_equal(under_strokes, painted.label)
        assert set(np.unique(predicted)) <= {0, *session.prediction.objects}
        session = drain(split_at_boundaries(session))
