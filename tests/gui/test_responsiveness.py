"""Work that would block the window is done in threads, or not at all."""

import os
import subprocess
import sys
from functools import partial
from threading import Event, current_thread, main_thread
from time import sleep

import pytest
from qtpy.QtCore import QEvent, QObject

from napari_gnn_vos.gui.widgets.timeline import Timeline
from napari_gnn_vos.hardware import SWITCH_SECONDS
from napari_gnn_vos.io.project import autosave, parts, project
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.progress import Progress
from tests.controller import fakes

pytestmark = pytest.mark.gui


def paint(dock, frame, row):
    strokes = dock.annotator.workspace.strokes
    strokes.data[frame, row, row] = 1
    dock.annotator.handle_stroke()


def recorded(monkeypatch, module, name, threads):
    """Record the thread of each call of a function."""
    function = getattr(module, name)

    def call(*args, **options):
        threads.append(current_thread())
        return function(*args, **options)

    monkeypatch.setattr(module, name, call)


def saved(dock):
    return not dock.annotator.projects.saving


def test_project_is_written_in_a_thread(qtbot, dock, tmp_path, monkeypatch):
    paint(dock, 0, 4)
    dock.annotator.predict()
    qtbot.waitUntil(lambda: dock.annotator.state.rounds == 1, timeout=60_000)
    threads = []
    for name in ("encode_prediction", "write_parts"):
        recorded(monkeypatch, project, name, threads)
    messages = []
    dock.annotator.controller.message.connect(messages.append)
    dock.annotator.projects.save(tmp_path / "toy.gnnvos")
    qtbot.waitUntil(partial(saved, dock), timeout=60_000)
    assert len(threads) == 2
    assert main_thread() not in threads
    assert "Saving the project: 0%" in messages
    assert messages[-1] == "Saved toy.gnnvos"
    assert not dock.annotator.projects.unsaved


def test_autosave_waits_for_the_disk_in_a_thread(qtbot, dock, monkeypatch):
    threads = []
    for module in (autosave, parts):
        recorded(monkeypatch, getattr(module, "os", autosave.os), "fsync", threads)
    paint(dock, 0, 4)
    qtbot.waitUntil(lambda: len(threads) > 0, timeout=60_000)
    qtbot.wait(50)
    assert main_thread() not in threads


def test_round_starts_when_its_strokes_are_on_the_disk(qtbot, dock, monkeypatch):
    order, sync = [], os.fsync

    def slow_fsync(descriptor):
        sleep(0.2)
        sync(descriptor)
        order.append("disk")

    def predict_round(*args):
        order.append("round")
        return (yield from fakes.predict_round(*args))

    monkeypatch.setattr(autosave.os, "fsync", slow_fsync)
    dock.annotator.controller.rounds._predict_round = predict_round
    paint(dock, 0, 4)
    dock.annotator.predict()
    qtbot.waitUntil(lambda: dock.annotator.state.rounds == 1, timeout=60_000)
    assert "disk" in order[: order.index("round")]


@pytest.fixture
def held_save(qtbot, dock, monkeypatch):
    """Writing a project waits for this event."""
    paint(dock, 0, 4)
    qtbot.waitUntil(lambda: dock.annotator.projects.unsaved)
    event, write = Event(), project.write_parts

    def wait_and_write(*args, **options):
        event.wait(60)
        write(*args, **options)

    monkeypatch.setattr(project, "write_parts", wait_and_write)
    yield event
    event.set()


def test_strokes_that_are_drawn_while_saving_stay_unsaved(
    qtbot, dock, held_save, tmp_path, data_folder
):
    path = tmp_path / "toy.gnnvos"
    dock.annotator.projects.save(path)
    paint(dock, 1, 9)
    assert not path.exists()
    held_save.set()
    qtbot.waitUntil(partial(saved, dock), timeout=60_000)
    assert list(Project.open(path).log.drawing.of_kind("brush")) == [0]
    assert dock.annotator.projects.unsaved
    assert list((data_folder / "autosave").iterdir())
    dock.annotator.projects.save()
    qtbot.waitUntil(partial(saved, dock), timeout=60_000)
    assert sorted(Project.open(path).log.drawing.of_kind("brush")) == [0, 1]
    assert not dock.annotator.projects.unsaved


def test_closing_while_saving_completes_the_project(
    qtbot, dock, held_save, tmp_path, data_folder
):
    path = tmp_path / "toy.gnnvos"
    dock.annotator.projects.save(path)
    held_save.set()
    dock.annotator.close()
    assert list(Project.open(path).log.drawing.of_kind("brush")) == [0]
    assert not list(tmp_path.glob(".*.lock"))
    qtbot.waitUntil(
        lambda: not list((data_folder / "autosave").iterdir()), timeout=60_000
    )


def test_second_save_is_refused_until_the_first_one_is_written(
    qtbot, dock, held_save, tmp_path
):
    dock.annotator.projects.save(tmp_path / "first.gnnvos")
    dock.attempt(partial(dock.annotator.projects.save, tmp_path / "second.gnnvos"))
    assert "is being saved" in dock.annotator.state.message
    held_save.set()
    qtbot.waitUntil(partial(saved, dock), timeout=60_000)
    assert not (tmp_path / "second.gnnvos").exists()


def test_switch_interval_is_short_during_a_job(qtbot, dock, monkeypatch):
    intervals, default = [], sys.getswitchinterval()

    def prepare(video, frame=0, quality="balanced"):
        intervals.append(sys.getswitchinterval())
        return (yield from fakes.prepare(video))

    dock.annotator.controller.rounds._prepare = prepare
    dock.annotator.prepare()
    qtbot.waitUntil(lambda: dock.annotator.state.prepared, timeout=60_000)
    assert intervals == [pytest.approx(SWITCH_SECONDS)]
    qtbot.waitUntil(lambda: sys.getswitchinterval() == default, timeout=60_000)


def test_steps_of_a_job_show_the_status_only(qtbot, dock, monkeypatch):
    dock.annotator.controller.rounds._prepare = fakes.endless
    timeline = Timeline(dock.annotator)
    qtbot.addWidget(timeline)
    dock.annotator.prepare()
    qtbot.waitUntil(
        lambda: dock.status.bar.format().startswith("Forever"), timeout=60_000
    )
    shown, drawn = [], []
    monkeypatch.setattr(dock.drawing, "show_state", shown.append)
    monkeypatch.setattr(timeline, "update", lambda: drawn.append(1))
    jobs = dock.annotator.controller.jobs
    updates = []
    monkeypatch.setattr(dock.status, "show_state", updates.append)
    for done in range(20):
        jobs._report_step(Progress("forever", done, 20))
    assert not updates
    qtbot.waitUntil(lambda: bool(updates))
    assert len(updates) == 1  # an update composes the whole window anew
    assert not shown
    assert not drawn
    dock.annotator.objects.add()
    assert shown
    assert drawn
    dock.annotator.cancel()
    timeline.stop()


class PaintCounter(QObject):
    """Count how often a widget is painted."""

    count = 0

    def eventFilter(self, _watched, event):  # noqa: N802
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_progress_bar_is_painted_together_with_the_texts(qtbot, dock):
    with qtbot.waitExposed(dock):
        dock.show()
    jobs = dock.annotator.controller.jobs
    jobs._stop = lambda: None
    dock.content._refresh()
    qtbot.waitUntil(dock.status.bar.isVisible)
    counter = PaintCounter()
    dock.status.bar.installEventFilter(counter)
    jobs._last_step = Progress("label", 7, 60)
    dock.content._show_progress()
    assert dock.status.bar.value() == 7
    assert counter.count == 0  # it would compose the window for the bar alone
    qtbot.waitUntil(lambda: counter.count == 1)


def test_modules_of_the_dock_are_imported_in_a_thread():
    code = """
import sys
from napari_gnn_vos.gui import plugin
plugin.load_widget_in_thread().join()
loaded = set(sys.modules)
from napari_gnn_vos.gui.scripting import annotator
from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget
from napari_gnn_vos.gui.widgets.timeline import Timeline
from napari_gnn_vos.gui.threads import run_in_thread
from napari_gnn_vos.gui.widgets.actions import ACTIONS
print(sorted(n for n in set(sys.modules) - loaded if "napari" in n))
"""
    environment = {"QT_QPA_PLATFORM": "offscreen"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert result.stdout.strip().endswith("[]"), result.stdout + result.stderr
