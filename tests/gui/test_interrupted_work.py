"""Viewers are closed and layers deleted during a round."""

import threading
from functools import partial
from threading import Event

import numpy as np
import pytest

from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.progress import PartialResult, Progress
from tests.controller import fakes

pytestmark = pytest.mark.gui
VIDEO = "toy"


@pytest.fixture
def held_rounds(toy_engine, monkeypatch):
    """Rounds wait for this event after their first partial result."""
    event = Event()

    def predict_round(session, scribbles, rng, frame=0, _model=""):
        pipeline = fakes.predict_round(session, scribbles, rng, frame)
        while True:
            try:
                step = next(pipeline)
            except StopIteration as last:
                return last.value
            yield step
            while isinstance(step, PartialResult) and not event.wait(0.01):
                yield Progress("predict", 0, 1)

    monkeypatch.setattr("napari_gnn_vos.gui.scripting.predict_round", predict_round)
    yield event
    event.set()


@pytest.fixture
def open_window(make_napari_viewer, qtbot, held_rounds):
    """Open a window in which a round shows its first frame, and waits."""

    def make():
        viewer = make_napari_viewer(show=True)
        viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name=VIDEO)
        _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
        qtbot.waitUntil(lambda: STROKES in viewer.layers, timeout=60_000)
        viewer.layers[STROKES].data[0, 4, 4] = 1
        dock.annotator.predict()
        qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers, timeout=60_000)
        return viewer, dock.annotator

    return make


@pytest.fixture
def running(qtbot, held_rounds, dock):
    """A round that shows its first frame, and waits; viewer and annotator."""
    viewer, annotator = dock.annotator.viewer, dock.annotator
    annotator.workspace.strokes.data[0, 4, 4] = 1
    annotator.predict()
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers, timeout=60_000)
    return viewer, annotator


def working_threads():
    names = "annotate", "background"
    return [thread for thread in threading.enumerate() if thread.name in names]


def ended():
    return not working_threads()


@pytest.mark.parametrize("deleted", [SEGMENTATION, STROKES, VIDEO])
def test_layer_is_deleted_during_a_round(qtbot, running, held_rounds, deleted):
    viewer, annotator = running
    viewer.layers.remove(deleted)
    qtbot.wait(50)
    held_rounds.set()
    qtbot.waitUntil(partial(ended), timeout=60_000)
    qtbot.waitUntil(lambda: not annotator.state.busy, timeout=60_000)
    shown = deleted != VIDEO
    assert (SEGMENTATION in viewer.layers) == shown
    assert annotator.state.rounds == int(shown)
    assert annotator.state.video_open == shown


def test_all_layers_are_deleted_during_a_round(qtbot, running, held_rounds):
    viewer, annotator = running
    viewer.layers.clear()
    held_rounds.set()
    qtbot.waitUntil(partial(ended), timeout=60_000)
    qtbot.wait(50)
    assert not viewer.layers
    assert not annotator.state.busy


def test_one_of_two_viewers_is_closed_during_a_round(qtbot, open_window, held_rounds):
    first, closed = open_window()
    first.close()
    assert closed.closed
    assert not closed.state.busy
    second, annotator = open_window()
    held_rounds.set()
    qtbot.waitUntil(lambda: annotator.state.rounds == 1, timeout=60_000)
    assert second.layers[SEGMENTATION].data[0, 4, 4] == 1
    qtbot.waitUntil(partial(ended), timeout=60_000)


def test_viewer_is_closed_while_a_project_is_saved(
    qtbot, open_window, held_rounds, tmp_path
):
    viewer, annotator = open_window()
    annotator.projects.save(tmp_path / "toy.gnnvos")
    viewer.close()
    assert (tmp_path / "toy.gnnvos").exists()
    qtbot.waitUntil(partial(ended), timeout=60_000)
