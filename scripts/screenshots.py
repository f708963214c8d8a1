"""Take the screenshots and the animation of the documentation in the napari window.

    bash scripts/with_display.sh python scripts/screenshots.py [OUTPUT]

The sample data are opened, strokes are painted with mouse events, and keys and
buttons are pressed as a user does. The strokes follow the true masks of the samples
(`SimulatedAnnotator`). Pictures go to ``docs/images/`` unless OUTPUT is given.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton

from napari_gnn_vos import Scribble
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

PLUGIN = "napari-gnn-vos"
SIZE = 1280, 800
TIMEOUT = 900.0
FRAME_OF_HOME_PAGE = 0
CORRECTION_BRUSH = 2
"""Diameter in pixels. A larger brush touches other objects beside an error."""
ANIMATION_WIDTH, ANIMATION_QUALITY = 880, 45
POINTS_PER_PICTURE = 6
"""Points of a stroke between two pictures of the animation."""
FRAMES_PER_PICTURE = 3
SETTLE_MS = 700
"""Time in which napari draws the canvas and removes its activity indicator."""
MOUSE_MS = 20
"""Time between two mouse events; Qt merges events that follow each other faster."""


class Window:
    """A napari window with the plugin's dock widget, operated by mouse and keys."""

    def __init__(self, sample: str, output: Path) -> None:
        self.output = output
        self.on_step: Callable[[], object] = lambda: None  # while a stroke is painted
        self.viewer = napari.Viewer()
        self.viewer.window.resize(*SIZE)
        self.viewer.open_sample(PLUGIN, sample)
        self.viewer.dims.set_current_step(0, 0)
        self.truth: NDArray[np.uint8] = np.asarray(self.viewer.layers[-1].data)
        _, self.dock = self.viewer.window.add_plugin_dock_widget(PLUGIN, "Annotate")
        self.annotator: Any = self.dock.annotator
        self.annotator.projects.data_folder = None  # no autosave of the pictures
        self.canvas = self.viewer.window._qt_viewer.canvas  # noqa: SLF001
        QTest.qWait(SETTLE_MS)
        self.viewer.reset_view()
        QTest.qWait(SETTLE_MS)

    def picture(self) -> Image.Image:
        """Return a picture of the whole window."""
        pixels = self.viewer.screenshot(canvas_only=False, flash=False)
        return Image.fromarray(pixels[..., :3])

    def screenshot(self, name: str) -> None:
        """Write a picture of the whole window."""
        QTest.qWait(SETTLE_MS)
        path = self.output / name
        self.picture().save(path, quality=90, optimize=True)
        print(path)

    def button(self, text: str) -> QPushButton:
        """Find a button of the dock widget by its text."""
        for button in self.dock.findChildren(QPushButton):
            if button.text().startswith(text):
                return button
        raise SystemExit(f"The dock widget has no button {text!r}.")

    def press(self, text: str) -> None:
        """Click a button and wait for the end of the work that it starts."""
        self.button(text).click()
        self.wait(lambda: not self.busy)

    def key(self, key: Qt.Key) -> None:
        """Press a key on the canvas and wait until no job is running."""
        QTest.keyClick(self.canvas.native, key)
        QTest.qWait(100)
        self.wait(lambda: not self.busy)

    @property
    def busy(self) -> bool:
        """Whether a job is running, shown by the Cancel button."""
        return self.button("Cancel").isVisible()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Process events until a condition is true."""
        end = time.monotonic() + TIMEOUT
        while not condition():
            if time.monotonic() > end:
                raise SystemExit(f"No result after {TIMEOUT:.0f} s.")
            QTest.qWait(20)

    def paint(self, scribbles: Sequence[Scribble], brush: int | None = None) -> None:
        """Paint strokes with the brush, by mouse events on the canvas."""
        for scribble in scribbles:
            self.viewer.dims.set_current_step(0, scribble.frame)
            self.annotator.active_label.choose(scribble.label, "brush")
            if brush is not None:
                self.annotator.workspace.strokes.brush_size = brush
            QTest.qWait(100)
            self._drag([*scribble.path[:-1:4], scribble.path[-1]])

    def _drag(self, points: Sequence[NDArray[np.float64]]) -> None:
        scene = self.canvas.view.scene.transform
        pixels = [QPoint(*scene.map(point[::-1])[:2].astype(int)) for point in points]
        left, native = Qt.MouseButton.LeftButton, self.canvas.native
        QTest.mousePress(native, left, pos=pixels[0])
        for count, pixel in enumerate(pixels[1:], 1):
            QTest.mouseMove(native, pixel)
            QTest.qWait(MOUSE_MS)
            if count % POINTS_PER_PICTURE == 0:
                self.on_step()
        QTest.mouseRelease(native, left, pos=pixels[-1])

    def strokes(
        self, labels: NDArray[np.uint8] | None, frame: int | None = None
    ) -> Sequence[Scribble]:
        """Return simulated strokes, on a given frame or on the worst one."""
        frames = set() if frame is None else set(range(len(self.truth))) - {frame}
        rng = np.random.default_rng(0)
        return SimulatedAnnotator()(labels, self.truth, rng, frames)

    def labels(self) -> NDArray[np.uint8]:
        """Return the predicted labels, (T, H, W)."""
        return np.asarray(self.viewer.layers["segmentation"].data)

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()
        QTest.qWait(200)


def tutorial(output: Path) -> None:
    """Take the pictures of the tutorial, of the home page and of the README."""
    window = Window("composed-scene", output)
    window.screenshot("tutorial-1-open.webp")
    window.press("Prepare")
    window.paint(window.strokes(None))
    window.screenshot("tutorial-2-strokes.webp")
    window.key(Qt.Key.Key_G)
    window.screenshot("tutorial-3-first-round.webp")
    window.viewer.dims.set_current_step(0, len(window.truth) - 1)
    window.screenshot("tutorial-4-last-frame.webp")
    window.key(Qt.Key.Key_W)
    window.screenshot("tutorial-5-uncertain.webp")
    frame = window.viewer.dims.current_step[0]
    window.paint(window.strokes(window.labels(), frame), CORRECTION_BRUSH)
    window.screenshot("tutorial-6-correction.webp")
    window.key(Qt.Key.Key_G)
    window.screenshot("tutorial-7-second-round.webp")
    for _ in range(2):
        window.paint(window.strokes(window.labels()), CORRECTION_BRUSH)
        window.key(Qt.Key.Key_G)
    window.viewer.dims.set_current_step(0, FRAME_OF_HOME_PAGE)
    window.key(Qt.Key.Key_A)
    window.screenshot("window.png")
    window.close()


def microscopy(output: Path) -> None:
    """Take the pictures of the guide on microscopy."""
    window = Window("cells", output)
    window.press("Prepare")
    window.paint(window.strokes(None))
    window.screenshot("cells-strokes.webp")
    window.key(Qt.Key.Key_G)
    window.viewer.dims.set_current_step(0, len(window.truth) - 10)
    window.screenshot("cells-labels.webp")
    window.close()


class Animation:
    """Pictures of a window with their durations, written as an animated WebP."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._pictures: list[Image.Image] = []
        self._durations: list[int] = []

    def add(self, milliseconds: int = 120) -> None:
        """Add a picture of the window that is shown for some time."""
        picture = self._window.picture()
        height = round(picture.height * ANIMATION_WIDTH / picture.width)
        self._pictures.append(picture.resize((ANIMATION_WIDTH, height)))
        self._durations.append(milliseconds)

    def play(self, first: int, last: int) -> None:
        """Add pictures of some frames of the video."""
        for frame in range(first, last + 1, FRAMES_PER_PICTURE):
            self._window.viewer.dims.set_current_step(0, frame)
            QTest.qWait(100)
            self.add()

    def save(self, path: Path) -> None:
        """Write the animation."""
        first, *others = self._pictures
        options = {"quality": ANIMATION_QUALITY, "method": 6, "loop": 0}
        durations = self._durations
        first.save(
            path, save_all=True, append_images=others, duration=durations, **options
        )
        print(path, f"{path.stat().st_size / 1e6:.2f} MB")


def animation(output: Path) -> None:
    """Record a session for the home page: strokes, a round, a correction, a round."""
    window = Window("composed-scene", output)
    window.press("Prepare")
    recording = Animation(window)
    window.on_step = recording.add
    recording.add(1000)
    window.paint(window.strokes(None))
    recording.add(800)
    last = len(window.truth) - 1
    for corrected in (False, True):
        window.key(Qt.Key.Key_G)
        QTest.qWait(SETTLE_MS)
        recording.add(1000)
        recording.play(0, last)
        if not corrected:
            window.key(Qt.Key.Key_W)
            QTest.qWait(SETTLE_MS)
            recording.add(1000)
            frame = window.viewer.dims.current_step[0]
            window.paint(window.strokes(window.labels(), frame), CORRECTION_BRUSH)
            recording.add(800)
    recording.save(output / "session.webp")
    window.close()


def main() -> None:
    """Take all pictures."""
    root = Path(__file__).resolve().parent.parent
    output = Path(sys.argv[1]) if sys.argv[1:] else root / "docs" / "images"
    output.mkdir(parents=True, exist_ok=True)
    for take in (tutorial, microscopy, animation):
        take(output)


if __name__ == "__main__":
    main()
