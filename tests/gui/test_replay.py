"""The log of a project, replayed with the real network, gives the same labels."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_gnn_vos.gui import reader, scripting
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.samples.photo_scenes import compose_scene


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Return a function that makes an annotator with an empty cache."""
    made = []

    def make():
        cache = tmp_path / f"cache-{len(made)}"
        monkeypatch.setattr(scripting, "user_cache_path", lambda _: cache)
        work = scripting.annotator(ViewerModel())
        made.append(work)
        return work

    yield make
    for work in made:
        work.close()


def stroke(work, frame, mask, label):
    """Paint the inside of a mask."""
    rows, cols = np.nonzero(mask)
    middle = np.abs(rows - np.median(rows)) < 2
    work.viewer.dims.set_current_step(0, frame)
    work.active_label.choose(label or 0)
    value = label or 255
    for row, col in zip(rows[middle][::2], cols[middle][::2], strict=True):
        work.workspace.strokes.paint((frame, row, col), value)


def test_replayed_log_gives_bit_identical_labels(start, tmp_path):
    video, truth = compose_scene(frames=5, shape=(64, 96), objects=2, seed=3)
    np.save(tmp_path / "walk.npy", np.stack([video.rgb(t) for t in range(5)]))
    work = start()
    path = str(tmp_path / "walk.npy")
    work.open(work.viewer.add_layer(Layer.create(*reader.get_reader(path)(path)[0])))
    stroke(work, 0, truth[0] == 1, 1)
    stroke(work, 0, truth[0] == 2, 2)
    work.predict()
    stroke(work, 3, truth[3] == 2, 2)
    stroke(work, 3, truth[3] == 0, 0)
    work.predict()
    expected = np.asarray(work.workspace.prediction.data).copy()
    probability = (
        work.controller.annotation.history.current.session.prediction.probability
    )
    work.projects.save(tmp_path / "walk")
    for part in (tmp_path / "walk").glob("round-*"):
        part.unlink()  # so that the rounds are predicted again
    assert not Project.open(tmp_path / "walk").predictions
    work.projects.close()
    opened = start()
    opened.projects.open(tmp_path / "walk")
    np.testing.assert_array_equal(opened.workspace.prediction.data, expected)
    replayed = (
        opened.controller.annotation.history.current.session.prediction.probability
    )
    for first, second in zip(probability, replayed, strict=True):
        np.testing.assert_array_equal(first, second)
