"""Frames of a running round that arrive twice, in the real window."""

from threading import Event

import numpy as np
import pytest

from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.gui.widgets.timeline import Timeline
from napari_gnn_vos.progress import Progress
from tests.controller import fakes

pytestmark = pytest.mark.gui


@pytest.fixture
def held(toy_engine, monkeypatch):
    """Rounds wait for this event after their preliminary labels."""
    event = Event()

    def predict_round(*arguments):
        pipeline, waiting = fakes.predict_round_twice(*arguments), False
        while True:
            try:
                step = next(pipeline)
            except StopIteration as last:
                return last.value
            is_preliminary = getattr(step, "preliminary", False)
            while waiting and not is_preliminary and not event.wait(0.01):
                yield Progress("label", 0, fakes.SHAPE[0])
            waiting = waiting or is_preliminary
            yield step

    monkeypatch.setattr("napari_gnn_vos.gui.scripting.predict_round", predict_round)
    event.set()
    yield event
    event.set()


@pytest.fixture
def second_round(make_napari_viewer, qtbot, held):
    """A window in which the second round shows its preliminary labels, and waits."""
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    qtbot.waitUntil(lambda: STROKES in viewer.layers, timeout=60_000)
    viewer.dims.set_current_step(0, 0)
    annotator = dock.annotator
    viewer.layers[STROKES].data[0, 4, 4] = 1
    annotator.predict()
    qtbot.waitUntil(lambda: annotator.state.rounds == 1, timeout=60_000)
    qtbot.waitUntil(lambda: not annotator.state.busy, timeout=60_000)
    held.clear()
    viewer.layers[STROKES].data[0, 5, 5] = 1
    annotator.predict()
    layer = viewer.layers[SEGMENTATION]
    last = fakes.SHAPE[0] - 1
    qtbot.waitUntil(
        lambda: np.all(layer.data[last] == fakes.PRELIMINARY), timeout=60_000
    )
    return viewer, annotator, layer


def on_screen(layer):
    """Labels that are drawn on the canvas."""
    return np.asarray(layer._slice.image.raw)


def test_final_labels_replace_preliminary_ones(qtbot, held, second_round):
    viewer, annotator, layer = second_round
    timeline = viewer.window._qt_window.findChild(Timeline)
    shown_values, uncertainty = timeline._state, annotator.state.uncertainty
    assert (on_screen(layer) == fakes.PRELIMINARY).all()
    assert layer.data[1, 4, 4] == 1  # the last round where nothing has arrived
    assert layer.data[1, 5, 5] == 0
    assert annotator.state.rounds == 1
    assert len(uncertainty) == fakes.SHAPE[0]
    assert shown_values.uncertainty == uncertainty
    held.set()
    qtbot.waitUntil(lambda: annotator.state.rounds == 2, timeout=60_000)
    assert viewer.layers[SEGMENTATION] is layer
    assert not np.any(np.asarray(layer.data) == fakes.PRELIMINARY)
    assert on_screen(layer)[5, 5] == 1
    annotator.undo()
    assert layer.data[0, 4, 4] == 1
    assert layer.data[0, 5, 5] == 0
    annotator.redo()
    assert layer.data[-1, 5, 5] == 1


def test_cancelled_round_restores_the_last_labels(qtbot, second_round):
    _, annotator, layer = second_round
    annotator.controller.jobs.cancel()
    assert not np.any(np.asarray(layer.data) == fakes.PRELIMINARY)
    assert not (on_screen(layer) == fakes.PRELIMINARY).any()
    assert layer.data[0, 4, 4] == 1
    qtbot.waitUntil(lambda: not annotator.state.busy, timeout=60_000)
    assert annotator.state.rounds == 1
