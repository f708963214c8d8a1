"""The history as a list, its dialog, and results of old rounds in files."""

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_gnn_vos.controller.drawing import Drawing, changed_frames
from napari_gnn_vos.controller.history import History, HistoryEntry, result_size
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.layers.attributes import SEGMENTATION, STROKES
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.session import Prediction, Session
from tests.controller import fakes

FRAMES = fakes.SHAPE[0]


@pytest.fixture
def three_rounds(qtbot, viewer, dock):
    """The dock after a round on frame 0, one on 2, and an accepted frame 3."""
    strokes = viewer.layers[STROKES].data
    for frame, label in ((0, 1), (2, 2)):
        strokes[frame, 5, 5 + label] = label
        dock.annotator.predict()
        qtbot.waitUntil(lambda: not dock.annotator.controller.jobs.busy, timeout=30_000)
    dock.annotator.toggle_accepted(3)
    return dock


def texts(dialog):
    return [dialog.rows.item(i).text() for i in range(dialog.rows.count())]


def click_row(qtbot, dialog, row):
    where = dialog.rows.visualItemRect(dialog.rows.item(row)).center()
    qtbot.mouseClick(dialog.rows.viewport(), Qt.MouseButton.LeftButton, pos=where)


@pytest.mark.gui
def test_click_goes_to_the_action_and_its_frame(qtbot, viewer, three_rounds):
    dock = three_rounds
    qtbot.mouseClick(dock.prediction.history, Qt.MouseButton.LeftButton)
    dialog = dock.dialogs["history"]
    assert texts(dialog) == [
        "Start",
        "Round 1 · frame 0",
        "Round 2 · frame 2",
        "Acceptance of frame 3",
    ]
    assert dialog.rows.currentRow() == 3
    click_row(qtbot, dialog, 1)
    assert dock.annotator.frame == 0
    assert dock.annotator.state.rounds == 1
    assert dock.annotator.state.accepted == ()
    assert not viewer.layers[STROKES].data[2].any()
    assert [dialog.rows.item(i).font().italic() for i in range(4)] == [
        *(False, False, True, True)
    ]
    click_row(qtbot, dialog, 3)
    assert dock.annotator.frame == 3
    assert dock.annotator.state.accepted == (3,)
    assert viewer.layers[STROKES].data[2].any()
    click_row(qtbot, dialog, 0)
    assert SEGMENTATION not in viewer.layers
    assert not viewer.layers[STROKES].data.any()


@pytest.mark.gui
def test_list_follows_undo_and_new_actions(qtbot, viewer, three_rounds):
    dock = three_rounds
    dialog = dock.dialogs.show("history")
    qtbot.mouseClick(dialog.undo, Qt.MouseButton.LeftButton)
    assert dialog.rows.currentRow() == 2
    viewer.layers[STROKES].data[1, 3, 3] = 1
    dock.annotator.predict()
    qtbot.waitUntil(lambda: not dock.annotator.controller.jobs.busy, timeout=30_000)
    assert texts(dialog)[3:] == ["Round 3 · frame 1"]
    with pytest.raises(GnnVosError, match="from 0 to 3"):
        dock.annotator.history.go_to(9)


def test_changed_frames_of_brush_lines_and_accepted_frames():
    canvas = np.zeros((4, 5), np.uint8)
    same = Drawing({1: canvas, 2: canvas + 1}, (), {7: canvas})
    other = Drawing({1: canvas.copy(), 2: canvas + 2}, (), {})
    assert changed_frames(same, other) == (2, 7)
    assert changed_frames(same, same) == ()


def session_of(number, shape=(5, 16, 18)):
    rng = np.random.default_rng(number)
    probability = tuple(rng.random((n + 3, 2), np.float32) for n in range(shape[0]))
    prediction = Prediction((1,), probability, np.ones((shape[0], 1), np.float32))
    labels = LabelFrames.of(rng.integers(0, 2, shape).astype(np.uint8))
    session = Session(fakes.video(shape), graph=None, prediction=prediction)
    return replace(session, packed_labels=labels, rounds=((),) * number)


def history_of(count, memory):
    history = History(session_of(0))
    history.memory = memory
    for number in range(1, count + 1):
        history.add(HistoryEntry(session_of(number), Drawing(), f"round {number}"))
        history.archive.wait()
    return history


def test_undo_has_no_limit_and_memory_does():
    size = result_size(session_of(1))
    history = history_of(60, memory=4 * size)
    held = sum(result_size(entry.session) for entry in history.entries)
    assert held <= 6 * size
    for number in range(60, 0, -1):
        original = session_of(number)
        session = history.current.session
        assert len(session.rounds) == number
        np.testing.assert_array_equal(session.labels, original.labels)
        for new, old in zip(
            session.prediction.probability,
            original.prediction.probability,
            strict=True,
        ):
            np.testing.assert_array_equal(new, old)
        history.undo()
    assert history.previous is None


def test_archived_rounds_stay_equal_in_projects():
    from napari_gnn_vos.io.project.parts import encode_prediction
    from napari_gnn_vos.structures.project import SavedPrediction

    history = history_of(8, memory=0)
    session = history.entries[2].session
    assert result_size(session) == 0
    saved, original = (
        encode_prediction(SavedPrediction(s.prediction, s.packed_labels))
        for s in (session, session_of(2))
    )
    assert saved == original


def test_small_histories_write_no_files():
    history = history_of(5, memory=2**20)
    assert history.archive._folder is None
