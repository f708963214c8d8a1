"""The history as a list, and its dialog."""

import pytest
from qtpy.QtCore import Qt

from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.errors import GnnVosError
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
