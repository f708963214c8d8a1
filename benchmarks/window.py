"""Measure latencies, blocks and cancel times of the real window, with their targets.

    bash scripts/with_display.sh python benchmarks/window.py --cache FOLDER

A block is a time in which the window processes no events. Its wall-clock time includes
that in which other processes use the cores; its own time does not. Its processor time
is that of the main thread alone. The first rows are measured in a new process, so they
include imports and compilation. `--stacks .1` prints where longer blocks are spent.
With `--height 2160` the engine is replaced by one that computes nothing, so that the
window is measured alone, at that frame size.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import napari
import numpy as np
import window_engine
from heartbeat import NO_BLOCK, Block, Heartbeat
from napari.layers import Layer
from napari.qt import get_qapp
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_gnn_vos.gui import plugin, scripting
from napari_gnn_vos.gui.layer_data import image_data
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from videos import open_benchmark_video

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from result_tables import write_run

BLOCK_TARGET, CANCEL_TARGET = 0.1, 0.5
TARGETS = {"displayed frame": 0.35, "one round": 1.0, "cancel": CANCEL_TARGET}
"""Seconds, by the start of the name of an operation."""
LARGE = 2160, 3840
LARGE_FRAMES = 4
Strokes = Callable[[Any], Iterable[Scribble]]
"""From the labels of the last round to the strokes of the next."""


class SimulatedUser:
    """Paint, press keys and wait; record wall-clock seconds and longest blocks."""

    suffix = ""
    """Added to the names of operations."""

    def __init__(self, video: Video, report: float | None) -> None:
        self.rows: dict[str, list[tuple[float, Block]]] = defaultdict(list)
        self.displayed = True
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1440, 860)
        self.viewer.add_layer(Layer.create(*image_data(video)))
        self.canvas = self.viewer.window._qt_viewer.canvas  # noqa: SLF001
        QTest.qWait(1000)
        self.heartbeat = Heartbeat(report)
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
        seconds, block = time.perf_counter() - self.start, self.heartbeat.take()
        self.rows[name + self.suffix].append((seconds, block))
        print(f"{name}{self.suffix}: {seconds:.2f} s, {block}", flush=True)

    def record_partial(self, step: Progress) -> None:
        """Record the time until the first labels of a round are drawn."""
        if isinstance(step, PartialResult) and not self.displayed:
            self.displayed = True
            get_qapp().processEvents()
            seconds = time.perf_counter() - self.start
            self.rows["displayed frame" + self.suffix].append((seconds, NO_BLOCK))

    def paint(self, stroke: Scribble) -> None:
        self.viewer.dims.set_current_step(0, stroke.frame)
        self.work.active_label.choose(stroke.label, "brush")
        QTest.qWait(50)
        path = [*stroke.path[:-1:8], stroke.path[-1]]  # positions of the mouse
        scene = self.canvas.view.scene.transform
        first, *points = [QPoint(*scene.map(p[::-1])[:2].astype(int)) for p in path]
        native, left = self.canvas.native, Qt.MouseButton.LeftButton
        with self.timed("paint a stroke"):
            QTest.mousePress(native, left, pos=first)
            for point in points or [first]:
                QTest.mouseMove(native, point)
                QTest.qWait(5)
            QTest.mouseRelease(native, left, pos=(points or [first])[-1])
            QTest.qWait(50)

    def cancel_preparation(self) -> None:
        with self.timed("first 3 s of the preparation"):
            self.work.prepare()
            QTest.qWait(3000)
        with self.timed("cancel"):
            self.dock.status.cancel.click()
            self.wait()

    def prepare(self) -> None:
        with self.timed("prepare"):
            self.work.prepare()
            self.wait()

    def predict(self, strokes: Strokes, rounds: int) -> None:
        session = self.work.controller.annotation.history.current.session
        for number in range(rounds):
            for stroke in strokes(session):
                self.paint(stroke)
            self.displayed = False
            with self.timed("one round" if number else "first round"):
                QTest.keyClick(self.canvas.native, Qt.Key.Key_G)
                self.wait()
            session = self.work.controller.annotation.history.current.session
            for t in range(0, session.video.shape[0], 3):
                with self.timed("change of frame with labels"):
                    self.viewer.dims.set_current_step(0, t)

    def save_and_undo(self, folder: Path) -> None:
        with self.timed("save the project"):
            self.work.projects.save(folder / "benchmark.gnnvos")
            self.wait_until(lambda: not self.work.projects.saving)
        for name in ("undo", "redo", "toggle_accepted", "reset"):
            with self.timed(name):
                getattr(self.work, name)()

    def open_large(self) -> None:
        """Open a video of 4K, go through it, paint, and start its preparation."""
        self.suffix = ", {} x {}".format(*LARGE)
        video = large_video(LARGE[0], LARGE_FRAMES)
        layer = self.viewer.add_layer(Layer.create(*image_data(video)))
        with self.timed("open the video"):
            self.work.open(layer)
            QTest.qWait(300)
        for t in range(LARGE_FRAMES):
            with self.timed("change of frame"):
                self.viewer.dims.set_current_step(0, t)
        self.paint(Scribble(0, 1, np.linspace((500, 500), (900, 1500), 40)))
        self.cancel_preparation()


def large_video(height: int, frames: int) -> Video:
    """Make squares of random colours that move to the right; 16 : 9."""
    size, columns = 30, height // 30 * 16 // 9
    squares = np.random.default_rng(0).integers(0, 255, (height // size, columns, 3))
    frame = np.kron(squares.astype(np.uint8), np.ones((size, size, 1), np.uint8))
    pixels = np.stack([np.roll(frame, 9 * t, axis=1) for t in range(frames)])
    return Video.from_array(pixels, f"{height} rows")


def simulated_strokes(truth: NDArray[np.uint8]) -> Strokes:
    """Return the strokes of the simulated annotator of the benchmark."""
    annotator, rng = SimulatedAnnotator(), np.random.default_rng(0)
    return lambda session: annotator(session.labels, truth, rng)[::-1]


def diagonal_strokes(height: int) -> Strokes:
    """Return one stroke in each round, on the next frame."""

    def strokes(session: Any) -> list[Scribble]:
        path = np.linspace((height / 4, height / 3), (height / 2, height), 60)
        return [Scribble(1 + len(session.rounds), 1, path)]

    return strokes


def summarise(rows: dict[str, list[tuple[float, Block]]]) -> dict[str, dict[str, Any]]:
    """Return the median time, the longest block and the targets of each operation."""
    summary = {}
    for name, values in rows.items():
        seconds, blocks = zip(*values, strict=True)
        longest = max(blocks, key=lambda block: block.own)
        target = next((t for k, t in TARGETS.items() if name.startswith(k)), None)
        summary[name] = {
            "seconds": median(seconds),
            "target": target,
            "runs": len(values),
            "block_wall": longest.wall,
            "block_own": longest.own,
            "block_processor": max(block.processor for block in blocks),
            "block_target": BLOCK_TARGET,
        }
    return summary


def print_rows(summary: dict[str, dict[str, Any]]) -> None:
    head = "operation", "median, s", "target, s", "block, wall, s", "own", "processor"
    print("| " + " | ".join((*head, "target")) + " |\n" + "|---" * 7 + "|")
    for name, row in summary.items():
        target = "" if row["target"] is None else row["target"]
        keys = "block_wall", "block_own", "block_processor"
        blocks = " | ".join(f"{row[key]:.3f}" for key in keys)
        print(
            f"| {name} | {row['seconds']:.2f} | {target} | {blocks} | {BLOCK_TARGET} |"
        )


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--davis", type=Path, help="folder in DAVIS layout")
    parser.add_argument("--cache", type=Path, required=True, help="an empty folder")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--height", type=int, help="rows; without the engine")
    parser.add_argument("--json", type=Path, help="where to write the report")
    parser.add_argument("--stacks", type=float, help="print stacks of longer blocks")
    return parser.parse_args()


def open_video(options: argparse.Namespace) -> tuple[Video, Strokes]:
    """Return the video and its strokes; select the engine."""
    if options.height:
        scripting.prepare = window_engine.prepare
        scripting.predict_round = window_engine.predict_round
        video = large_video(options.height, options.frames)
        return video, diagonal_strokes(options.height)
    video, truth = open_benchmark_video(options.davis, options.frames)
    return video, simulated_strokes(truth[: options.frames])


def write_report(options: argparse.Namespace, summary: dict[str, Any]) -> None:
    source = f"--height {options.height}" if options.height else "--davis ROOT"
    counts = f"--frames {options.frames} --rounds {options.rounds}"
    command = f"python benchmarks/window.py {source} {counts}"
    write_run(options.json, "window", command, summary)


def main() -> None:
    options = parse_options()
    options.cache.mkdir(parents=True, exist_ok=True)
    scripting.user_cache_path = lambda _: options.cache
    plugin.user_data_path = lambda _: options.cache / "data"
    video, strokes = open_video(options)
    user = SimulatedUser(video, options.stacks)
    try:
        if not options.height:
            user.cancel_preparation()
        user.prepare()
        user.predict(strokes, options.rounds)
        user.save_and_undo(options.cache)
        if not options.height:
            user.open_large()
    finally:
        summary = summarise(user.rows)
        print_rows(summary)
        if options.json:
            write_report(options, summary)
    user.heartbeat.stop()
    user.viewer.close()


if __name__ == "__main__":
    main()
