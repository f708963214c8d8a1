"""The sections that open projects and videos."""

from threading import current_thread, main_thread

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QFileDialog

from napari_gnn_vos.controller.layer_metadata import STROKES
from napari_gnn_vos.gui import plugin
from napari_gnn_vos.gui.widgets.project_section import THUMBNAIL_HEIGHT
from napari_gnn_vos.io.project.project import Project
from tests.controller import fakes

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


def test_recovery_is_offered_until_something_is_drawn(qtbot, viewer, dock):
    viewer.layers[STROKES].paint((0, 4, 4), 1)
    qtbot.waitUntil(lambda: dock.project.save.text().endswith("*"))
    dock.annotator.close()
    other = ViewerModel()
    other.add_image(np.zeros(fakes.SHAPE, np.uint8), name="other")
    widget = plugin.AnnotateDock(other)
    qtbot.addWidget(widget)
    project = widget.project
    qtbot.waitUntil(lambda: widget.annotator.workspace is not None)
    qtbot.waitUntil(lambda: project.recovery.isVisibleTo(widget))  # after a search
    assert "toy" in project._text.text()
    if project._picture.isVisibleTo(widget):  # a thumbnail was stored already
        assert project._picture.height() == THUMBNAIL_HEIGHT
    other.layers[STROKES].paint((0, 4, 4), 1)
    qtbot.waitUntil(lambda: not project.recovery.isVisibleTo(widget))
    project.menu.aboutToShow.emit()
    assert "Recover toy" in [action.text() for action in project.menu.actions()]


def test_autosaves_are_read_beside_the_main_thread(qtbot, dock, monkeypatch):
    threads, read = [], Project.open

    def open_project(folder):
        threads.append(current_thread())
        return read(folder)

    dock.annotator.viewer.layers[STROKES].paint((0, 4, 4), 1)
    qtbot.waitUntil(lambda: dock.project.save.text().endswith("*"))
    dock.annotator.close()
    monkeypatch.setattr(Project, "open", open_project)
    widget = plugin.AnnotateDock(ViewerModel())
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.project._not_saved != [])
    widget.project.menu.aboutToShow.emit()
    assert threads
    assert main_thread() not in threads
