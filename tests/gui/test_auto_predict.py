"""Prediction after every stroke."""

from unittest.mock import Mock

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import coerce_keybinding

from napari_gnn_vos.controller.layer_metadata import LINES, SEGMENTATION, STROKES
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.annotator import Annotator
from tests.controller import fakes


@pytest.fixture
def viewer():
    return ViewerModel()


def make(viewer, **options):
    image = viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    annotator = Annotator(viewer, fakes.controller(**options))
    annotator.open(image)
    annotator.auto_predict.enabled = True
    return annotator


def rounds(annotator):
    history = annotator.controller.annotation.history
    return 0 if history is None else history.current.rounds


def stroke(viewer, row, label=1):
    """Paint like the mouse: the paint event is emitted after the stroke."""
    layer = viewer.layers[STROKES]
    with layer.block_history():
        layer.paint((0, row, 4), label)


def test_stroke_starts_a_prediction(viewer):
    annotator = make(viewer)
    stroke(viewer, 5)
    assert rounds(annotator) == 1
    assert viewer.layers[SEGMENTATION].data[2, 5, 4] == 1
    stroke(viewer, 5, label=0)  # the eraser
    stroke(viewer, 15)
    assert viewer.layers[SEGMENTATION].data[2, 15, 4] == 1
    annotator.auto_predict.enabled = False
    before = rounds(annotator)
    stroke(viewer, 10)
    assert rounds(annotator) == before


def test_line_starts_a_prediction(viewer):
    annotator = make(viewer)
    annotator.active_label.choose(2, "lines")
    viewer.layers[LINES].add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    assert viewer.layers[SEGMENTATION].data[0, 3, 5] == 2
    viewer.layers[LINES].add_paths([np.array([[1, 9, 3], [1, 9, 9]])])
    assert rounds(annotator) == 2
    viewer.layers[LINES].selected_data = {0}
    viewer.layers[LINES].remove_selected()
    assert rounds(annotator) == 3
    assert viewer.layers[SEGMENTATION].data[0, 3, 5] == 0


def test_undo_and_redo_start_no_prediction(viewer):
    annotator = make(viewer)
    stroke(viewer, 5)
    annotator.active_label.choose(1, "lines")
    viewer.layers[LINES].add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    annotator.undo()
    assert rounds(annotator) == 1
    assert annotator.can_redo
    annotator.redo()
    assert rounds(annotator) == 2
    annotator.reset()
    assert rounds(annotator) == 0


def press(viewer, key):
    layer = viewer.layers[STROKES]
    layer.keymap[coerce_keybinding(key)](layer)


def test_napari_undo_of_a_stroke_undoes_its_round(viewer):
    annotator = make(viewer)
    stroke(viewer, 5)
    stroke(viewer, 15)
    press(viewer, "Control-Z")
    assert rounds(annotator) == 1
    assert viewer.layers[SEGMENTATION].data[0, [5, 15], 4].tolist() == [1, 0]
    press(viewer, "Control-Shift-Z")
    assert rounds(annotator) == 2
    assert viewer.layers[SEGMENTATION].data[0, [5, 15], 4].tolist() == [1, 1]


def test_first_stroke_and_prediction_are_undone_and_redone_together(viewer):
    annotator = make(viewer)
    stroke(viewer, 5)
    press(viewer, "Control-Z")
    assert rounds(annotator) == 0
    assert SEGMENTATION not in viewer.layers
    annotator.redo()
    assert rounds(annotator) == 1
    assert viewer.layers[STROKES].data[0, 5, 4] == 1
    assert viewer.layers[SEGMENTATION].data[0, 5, 4] == 1


def test_second_annotator_follows_napari_undo(viewer):
    first = make(viewer)
    stroke(viewer, 5)
    first.close()
    assert not viewer.layers[STROKES].keymap
    again = Annotator(viewer, fakes.controller())
    again.open(viewer.layers["toy"])
    again.auto_predict.enabled = True
    stroke(viewer, 15)
    press(viewer, "Control-Z")
    assert rounds(again) == 2
    assert viewer.layers[SEGMENTATION].data[0, [5, 15], 4].tolist() == [1, 0]


def test_drawing_without_history_entry_starts_a_prediction(viewer):
    annotator = make(viewer)
    annotator.auto_predict.enabled = False
    stroke(viewer, 5)
    stroke(viewer, 15)
    annotator.predict()
    annotator.auto_predict.enabled = True
    press(viewer, "Control-Z")
    assert rounds(annotator) == 2
    assert viewer.layers[SEGMENTATION].data[0, [5, 15], 4].tolist() == [1, 0]


def test_erasing_all_strokes_clears_the_prediction_and_undo_restores_both(viewer):
    annotator = make(viewer)
    stroke(viewer, 5)
    stroke(viewer, 15)
    with viewer.layers[STROKES].block_history():
        for row in (5, 15):
            viewer.layers[STROKES].paint((0, row, 4), 0)
    assert SEGMENTATION not in viewer.layers
    annotator.undo()
    assert rounds(annotator) == 2
    assert viewer.layers[STROKES].data[0, [5, 15], 4].tolist() == [1, 1]
    assert viewer.layers[SEGMENTATION].data[0, 15, 4] == 1


def test_background_strokes_alone_start_no_prediction(viewer):
    annotator, failed = None, Mock()
    annotator = make(viewer)
    annotator.controller.failed.connect(failed)
    stroke(viewer, 5, label=255)
    assert rounds(annotator) == 0
    stroke(viewer, 15)
    assert rounds(annotator) == 1
    failed.assert_not_called()


def test_strokes_during_the_preparation_are_predicted_after_it(viewer):
    run = fakes.ManualRunner()
    annotator = make(viewer, run=run)
    for row in (5, 10, 15):
        stroke(viewer, row)
    run.finish()  # preparing; the round begins with all that is drawn by then
    run.finish()
    assert rounds(annotator) == 1
    assert viewer.layers[SEGMENTATION].data[0, 15, 4] == 1
    assert not run.pending


def test_newer_stroke_replaces_the_running_prediction(viewer):
    run, messages = fakes.ManualRunner(), []
    annotator = make(viewer, run=run)
    stroke(viewer, 5)
    run.finish()
    run.finish()
    annotator.controller.message.connect(messages.append)
    stroke(viewer, 2)
    stroke(viewer, 18)
    assert run.stopped == 1
    run.finish()  # of the dropped job
    assert viewer.layers[SEGMENTATION].data[0, [2, 18], 4].tolist() == [0, 0]
    run.finish()
    assert viewer.layers[SEGMENTATION].data[0, [2, 18], 4].tolist() == [1, 1]
    assert rounds(annotator) == 2
    assert "Stopped" not in messages
    assert not run.pending


def test_removal_of_an_object_is_not_dropped(viewer):
    run = fakes.ManualRunner()
    annotator = make(viewer, run=run)
    stroke(viewer, 5)
    run.finish()
    run.finish()
    stroke(viewer, 10, label=2)
    run.finish()
    annotator.objects.remove(2)
    stroke(viewer, 15)
    assert run.stopped == 0
    run.finish()
    run.finish()
    assert viewer.layers[SEGMENTATION].data[0, [5, 10, 15], 4].tolist() == [1, 0, 1]


def test_frames_are_shown_as_they_arrive_and_kept_by_the_next_stroke(viewer):
    run = fakes.StepRunner()
    annotator = make(viewer, run=run)
    stroke(viewer, 5)
    run.finish()  # preparing
    run.step()
    assert SEGMENTATION not in viewer.layers
    run.step()
    data, shown = viewer.layers[SEGMENTATION].data, annotator.frame
    assert data[shown, 5, 4] == 1
    assert not data[shown + 1 :].any()
    stroke(viewer, 15)
    assert viewer.layers[SEGMENTATION].data is data
    assert data[shown, [5, 15], 4].tolist() == [1, 0]
    run.step()
    run.step()
    assert data[shown, [5, 15], 4].tolist() == [1, 1]
    assert rounds(annotator) == 0


def test_undone_stroke_restores_the_labels_of_the_last_round(viewer):
    run = fakes.StepRunner()
    annotator = make(viewer, run=run)
    stroke(viewer, 5)
    run.finish()
    run.finish()
    stroke(viewer, 15)
    run.step()
    run.step()
    shown = annotator.frame
    assert viewer.layers[SEGMENTATION].data[shown, 15, 4] == 1
    press(viewer, "Control-Z")
    assert not annotator.state.busy
    assert viewer.layers[SEGMENTATION].data[shown, [5, 15], 4].tolist() == [1, 0]


def test_error_is_reported(viewer):
    annotator, failed = make(viewer), Mock()
    annotator.controller.failed.connect(failed)
    annotator.auto_predict._predict = Mock(side_effect=GnnVosError("no luck"))
    stroke(viewer, 5)
    failed.assert_called_once_with("no luck")
