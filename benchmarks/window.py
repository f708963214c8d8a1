"""Measure latencies of the real window, and of the same rounds in a script.

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

import napari
import numpy as np
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
from videos import open_benchmark_video


class SimulatedUser:
    """Paint, press keys and wait; record wall-clock and processor seconds."""

    def __init__(self, viewer: napari.Viewer) -> None:
        self.elapsed: dict[str, list[tuple[float, float]]] = defaultdict(list)
        _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos")
        self.viewer, self.work = viewer, dock.annotator
        self.canvas = viewer.window._qt_viewer.canvas  # noqa: SLF001
        self.work.controller.jobs.progressed.connect(self.record_partial)
        QTest.qWait(500)
        viewer.reset_view()

    def wait(self) -> None:
        while self.work.controller.jobs.busy:
            QTest.qWait(1)

    def record(self, name: str) -> None:
        get_qapp().processEvents()  # the window is drawn
        now = np.array([time.perf_counter(), time.process_time()])
        self.elapsed[name].append(tuple(now - self.start))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        self.start = np.array([time.perf_counter(), time.process_time()])
        yield
        self.record(name)

    def record_partial(self, step: Progress, source: str = "window") -> None:
        if isinstance(step, PartialResult):
            self.record(f"first frame of a round, {source}")

    def paint(self, stroke: Scribble) -> None:
        self.viewer.dims.set_current_step(0, stroke.frame)
        self.work.active_label.choose(stroke.label, "brush")
        QTest.qWait(50)
        path = [*stroke.path[:-1:8], stroke.path[-1]]  # positions of the mouse
        scene = self.canvas.view.scene.transform
        first, *points = [QPoint(*scene.map(p[::-1])[:2].astype(int)) for p in path]
        native, left = self.canvas.native, Qt.MouseButton.LeftButton
        QTest.mousePress(native, left, pos=first)
        for point in points:
            with self.timed("one mouse move with the brush"):
                QTest.mouseMove(native, point)
        QTest.mouseRelease(native, left, pos=point)

    def predict(self, session: Session, round_number: int) -> Session:
        """Predict a round in the window, and the same round in a script."""
        with self.timed("one round, window"):
            QTest.keyClick(self.canvas.native, Qt.Key.Key_G)
            self.wait()
        QTest.qWait(300)
        strokes = self.work.controller.history.current.session.rounds[-1]
        rng, frame = np.random.default_rng([0, round_number]), strokes[0].frame
        with self.timed("one round, script"):
            pipeline = scripting.predict_round(session, strokes, rng, frame)
            return drain(pipeline, lambda step: self.record_partial(step, "script"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--davis", type=Path, help="folder in DAVIS layout")
    parser.add_argument("--cache", type=Path, required=True, help="prepared graphs")
    options = parser.parse_args()
    scripting.user_cache_path = lambda _: options.cache
    video, truth = open_benchmark_video(options.davis, 60)
    viewer = napari.Viewer()
    viewer.window.resize(1440, 860)
    viewer.add_layer(Layer.create(*image_data(video)))
    user, rng = SimulatedUser(viewer), np.random.default_rng(0)
    annotator = SimulatedAnnotator()
    user.work.prepare()
    user.wait()
    session = drain(start(video, cache=options.cache))
    for round_number in range(1, 11):
        for stroke in annotator(session.labels, truth, rng)[::-1]:
            user.paint(stroke)
        session = user.predict(session, round_number)
        for t in range(0, len(truth), 6):
            with user.timed("change of frame with labels"):
                viewer.dims.set_current_step(0, t)
    print("| operation | wall clock, s | processor, s | repetitions |")
    print("|---|---|---|---|")
    for name, values in user.elapsed.items():
        clock, processor = map(median, zip(*values[1:], strict=True))
        print(f"| {name} | {clock:.3f} | {processor:.3f} | {len(values) - 1} |")
    viewer.close()


if __name__ == "__main__":
    main()
