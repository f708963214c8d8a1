"""The sections that open projects and videos."""

import pytest
from qtpy.QtWidgets import QFileDialog

from napari_gnn_vos.gui.layers.attributes import STROKES
from napari_gnn_vos.io.project.project import Project

pytestmark = pytest.mark.gui


def test_button_saves_under_the_chosen_name(
    qtbot, viewer, dock, tmp_path, monkeypatch, data_folder
):
    viewer.layers[STROKES].paint((0, 4, 4), 1)
    qtbot.waitUntil(lambda: dock.project.save.text().endswith("*"))
    assert len(list((data_folder / "autosave").iterdir())) == 1
    name = str(tmp_path / "toy")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))
    dock.project.save.click()
    qtbot.waitUntil(lambda: dock.project.save.text() == "Save project")
    qtbot.waitUntil(lambda: not list((data_folder / "autosave").iterdir()))
    saved = Project.open(tmp_path / "toy.gnnvos")
    assert saved.log.drawing.canvases["brush", 0][4, 4] == 1
    dock.project.menu.aboutToShow.emit()
    texts = [action.text() for action in dock.project.menu.actions()]
    assert texts[-1] == str(tmp_path / "toy.gnnvos")
    assert not dock.project.recovery.isVisibleTo(dock)
