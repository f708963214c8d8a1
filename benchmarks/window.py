"""Measure latencies, blocks and cancel times of the real window, with their targets.

    bash scripts/with_display.sh python benchmarks/window.py --cache FOLDER

A block is a time in which the window processes no events. The first rows are measured
in a new process, so they include imports and compilation.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import napari
import numpy as np
from heartbeat import Heartbeat
from napari.layers import Layer
from napari.qt import get_qapp
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_gnn_vos.gui import scripting
from napari_gnn_vos.gui.reader import image_data
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from videos import open_benchmark_video

BLOCK_TARGET, CANCEL_TARGET = 0.1, 0.5
TARGETS = {"first frame of a round": 0.3, "cancel": CANCEL_TARGET}
"""Seconds."""
LARGE = 2160, 3840


class SimulatedUser:
    """Paint, press keys and wait; record wall-clock seconds and longest blocks."""

    def __init__(self, video: Video) -> None:
        self.rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1440, 860)
        self.viewer.add_layer(Layer.create(*image_data(video)))
        self.canvas = self.viewer.window._qt_viewer.canvas  # noqa: SLF001
        QTest.qWait(1000)
        self.heartbeat = Heartbeat()
        with self.timed("open the dock"):
            _, self.dock = self.viewer.window.add_plugin_dock_widget(
                "napari-gnn-vos", "Annotate"
            )
            self.wait_until(lambda: "strokes" in self.viewer.layers)
            QTest.qWait(300)
        self.work = self.dock.annotator
        self.work.controller.jobs.progressed.connect(self.record_partial)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            QTest.qWait(1)

    def wait(self) -> None:
        self.wait_until(lambda: not self.work.controller.jobs.busy)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        self.heartbeat.take()
        self.start = time.perf_counter()
        yield
        get_qapp().processEvents()  # the window is drawn
        seconds = time.perf_counter() - self.start
        self.rows[name].append((seconds, self.heartbeat.take()))

    def record_partial(self, step: Progress) -> None:
        if isinstance(step, PartialResult):
            get_qapp().processEvents()
            seconds = time.perf_counter() - self.start
            self.rows["first frame of a round"].append((seconds, 0.0))

    def paint(self, stroke: Scribble) -> None:
        self.viewer.dims.set_current_step(0, stroke.frame)
        self.work.active_label.choose(stroke.label, "brush")
        QTest.qWait(50)
        path = [*stroke.path[:-1:8], stroke.path[-1]]  # positions of the mouse
        scene = self.canvas.view.scene.transform
        first, *points = [QPoint(*scene.map(p[::-1])[:2].astype(int)) for p in path]
        native, left = self.canvas.native, Qt.MouseButton.LeftButton
        QTest.mousePress(native, left, pos=first)
        for point in points or [first]:
            with self.timed("one mouse move with the brush"):
                QTest.mouseMove(native, point)
        QTest.mouseRelease(native, left, pos=(points or [first])[-1])

    def cancel_preparation(self, name: str) -> None:
        self.work.prepare()
        QTest.qWait(3000)
        with self.timed(f"cancel, {name}"):
            self.dock.status.cancel.click()
            self.wait()

    def prepare_and_predict(self, truth: NDArray[np.uint8], rounds: int) -> None:
        with self.timed("prepare"):
            self.work.prepare()
            self.wait()
        annotator, rng = SimulatedAnnotator(), np.random.default_rng(0)
        session = self.work.controller.history.current.session
        for _ in range(rounds):
            for stroke in annotator(session.labels, truth, rng)[::-1]:
                self.paint(stroke)
            with self.timed("one round"):
                QTest.keyClick(self.canvas.native, Qt.Key.Key_G)
                self.wait()
            session = self.work.controller.history.current.session
            for t in range(0, len(truth), 6):
                with self.timed("change of frame with labels"):
                    self.viewer.dims.set_current_step(0, t)


def large_video(frames: int) -> Video:
    """Enlarge a composed scene to 3840 x 2160 pixels."""
    scene, _ = compose_scene(frames=frames, shape=(270, 480))
    factor = LARGE[0] // 270
    pixels = [
        np.kron(scene.rgb(t), np.ones((factor, factor, 1), np.uint8))
        for t in range(frames)
    ]
    return Video.from_array(np.stack(pixels), "4K")


def print_rows(rows: dict[str, list[tuple[float, float]]]) -> None:
    print("| operation | median, s | target, s | longest block, s | target, s |")
    print("|---|---|---|---|---|")
    for name, values in rows.items():
        seconds, blocks = zip(*values, strict=True)
        target = next((f"{t}" for k, t in TARGETS.items() if name.startswith(k)), "")
        print(f"| {name} | {median(seconds):.2f} | {target} ", end="")
        print(f"| {max(blocks):.3f} | {BLOCK_TARGET} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--davis", type=Path, help="folder in DAVIS layout")
    parser.add_argument("--cache", type=Path, required=True, help="prepared graphs")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    scripting.user_cache_path = lambda _: options.cache
    video, truth = open_benchmark_video(options.davis, options.frames)
    user = SimulatedUser(video)
    user.cancel_preparation("480 x 854")
    user.prepare_and_predict(truth, options.rounds)
    user.work.open(user.viewer.add_layer(Layer.create(*image_data(large_video(4)))))
    user.cancel_preparation("2160 x 3840")
    print_rows(user.rows)
    user.viewer.close()


if __name__ == "__main__":
    main()
