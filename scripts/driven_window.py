"""A napari window with the plugin, operated by mouse and keys.

Used by the scripts that take pictures of the window.
"""

from __future__ import annotations

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
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

PLUGIN = "napari-gnn-vos"
SIZE = 1280, 800
TIMEOUT = 900.0
POINTS_PER_PICTURE = 6
"""Points of a stroke between two pictures of the animation."""
SETTLE_MS = 700
"""Time in which napari draws the canvas and removes its activity indicator."""
MOUSE_MS = 20
"""Time between two mouse events; Qt merges events that follow each other faster."""


class Window:
    """A napari window with the plugin's dock widget, operated by mouse and keys."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.on_step: Callable[[], object] = lambda: None  # while a stroke is painted
        self.viewer = napari.Viewer()
        self.viewer.window.resize(*SIZE)
        self.truth = self.open_video()
        self.viewer.dims.set_current_step(0, 0)
        _, self.dock = self.viewer.window.add_plugin_dock_widget(PLUGIN, "Annotate")
        self.annotator: Any = self.dock.annotator
        self.annotator.projects.data_folder = None  # no autosave of the pictures
        self.canvas = self.viewer.window._qt_viewer.canvas  # noqa: SLF001
        QTest.qWait(SETTLE_MS)
        self.viewer.reset_view()
        QTest.qWait(SETTLE_MS)

    def open_video(self) -> NDArray[np.uint8]:
        """Open a video in the viewer and return its true labels, (T, H, W)."""
        raise NotImplementedError

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


class SampleWindow(Window):
    """A window with a sample of the plugin; the last layer has the true labels."""

    def __init__(self, sample: str, output: Path) -> None:
        self._sample = sample
        super().__init__(output)

    def open_video(self) -> NDArray[np.uint8]:
        """Open the sample."""
        self.viewer.open_sample(PLUGIN, self._sample)
        return np.asarray(self.viewer.layers[-1].data)


class DavisWindow(Window):
    """A window with a sequence of a dataset in DAVIS layout.

    Parameters
    ----------
    root : Path
    sequence : str
    output : Path
    """

    def __init__(self, root: Path, sequence: str, output: Path) -> None:
        self._source = root, sequence
        super().__init__(output)

    def open_video(self) -> NDArray[np.uint8]:
        """Open the folder of frames."""
        root, sequence = self._source
        self.viewer.open(root / "JPEGImages" / "480p" / sequence, plugin=PLUGIN)
        return read_davis(root, sequence)[1]
