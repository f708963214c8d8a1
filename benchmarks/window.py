"""What a person waits for in the real window, beside the same rounds by a script.

bash scripts/with_display.sh python benchmarks/window.py --davis ROOT --cache FOLDER
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import napari
import numpy as np
from footage import footage
from napari.layers import Layer
from napari.qt import get_qapp
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_gnn_vos import drain, start
from napari_gnn_vos.gui import scripting
from napari_gnn_vos.gui.reader import image_data
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator


class Person:
    """Paints, presses keys, waits; notes seconds, on the clock and of the processor."""

    def __init__(self, viewer: napari.Viewer) -> None:
        self.took: dict[str, list[tuple[float, float]]] = defaultdict(list)
        _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos")
        self.viewer, self.work = viewer, dock.annotator
        self.canvas = viewer.window._qt_viewer.canvas  # noqa: SLF001
        self.work.controller.jobs.progressed.connect(self.see)
        QTest.qWait(500)
        viewer.reset_view()

    def wait(self) -> None:
        while self.work.controller.jobs.busy:
            QTest.qWait(1)

    def note(self, what: str) -> None:
        get_qapp().processEvents()  # all is drawn
        now = np.array([time.perf_counter(), time.process_time()])
        self.took[what].append(tuple(now - self.begun))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        self.begun = np.array([time.perf_counter(), time.process_time()])
        yield
        self.note(what)

    def see(self, step: Progress, how: str = "window") -> None:
        if isinstance(step, PartialResult):
            self.note(f"the frame on screen, {how}")

    def paint(self, stroke: Scribble) -> None:
        self.viewer.dims.set_current_step(0, stroke.frame)
        self.work.active_label.choose(stroke.label, "brush")
        QTest.qWait(50)
        places = [*stroke.path[:-1:8], stroke.path[-1]]  # seen by the mouse
        scene = self.canvas.view.scene.transform
        first, *points = [QPoint(*scene.map(p[::-1])[:2].astype(int)) for p in places]
        native, left = self.canvas.native, Qt.MouseButton.LeftButton
        QTest.mousePress(native, left, pos=first)
        for point in points:
            with self.timed("a step of the brush"):
                QTest.mouseMove(native, point)
        QTest.mouseRelease(native, left, pos=point)

    def play(self, mine: Session, round_index: int) -> Session:
        """Play a round in the window, and the same by a script."""
        with self.timed("a round, window"):
            QTest.keyClick(self.canvas.native, Qt.Key.Key_G)
            self.wait()
        QTest.qWait(300)
        strokes = self.work.controller.history.current.session.rounds[-1]
        given: Any = np.random.default_rng([0, round_index]), strokes[0].frame
        with self.timed("a round, script"):
            work = scripting.answer(mine, strokes, *given)
            return drain(work, lambda step: self.see(step, "script"))


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--davis", type=Path, help="folder in DAVIS layout")
    read.add_argument("--cache", type=Path, required=True, help="prepared graphs")
    said = read.parse_args()
    scripting.user_cache_path = lambda _: said.cache
    video, truth = footage(said.davis, 60)
    viewer = napari.Viewer()
    viewer.window.resize(1440, 860)
    viewer.add_layer(Layer.create(*image_data(video)))
    person, annotator, rng = (
        Person(viewer),
        SimulatedAnnotator(),
        np.random.default_rng(0),
    )
    person.work.prepare()
    person.wait()
    mine = drain(start(video, cache=said.cache))
    for round_index in range(1, 11):
        for stroke in annotator(mine.labels, truth, rng)[::-1]:
            person.paint(stroke)
        mine = person.play(mine, round_index)
        for t in range(0, len(truth), 6):
            with person.timed("another frame, with labels"):
                viewer.dims.set_current_step(0, t)
    print("| what | on the clock, s | of the processor, s | times |\n|---|---|---|---|")
    for what, values in person.took.items():
        clock, processor = map(median, zip(*values[1:], strict=True))
        print(f"| {what} | {clock:.3f} | {processor:.3f} | {len(values) - 1} |")
    viewer.close()


if __name__ == "__main__":
    main()
