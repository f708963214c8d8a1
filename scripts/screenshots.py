"""Take the screenshots and the animation of the documentation in the napari window.

    bash scripts/with_display.sh python scripts/screenshots.py [OUTPUT]

The sample data are opened, strokes are painted with mouse events, and keys and
buttons are pressed as a user does. The strokes follow the true masks of the samples
(`SimulatedAnnotator`). Pictures go to ``docs/images/`` unless OUTPUT is given.
"""

from __future__ import annotations

import sys
from pathlib import Path

from driven_window import SETTLE_MS, SampleWindow
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

FRAME_OF_HOME_PAGE = 0
CORRECTION_BRUSH = 2
"""Diameter in pixels. A larger brush touches other objects beside an error."""
ANIMATION_WIDTH, ANIMATION_QUALITY = 880, 45
FRAMES_PER_PICTURE = 3


def tutorial(output: Path) -> None:
    """Take the pictures of the tutorial, of the home page and of the README."""
    window = SampleWindow("composed-scene", output)
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
    window = SampleWindow("cells", output)
    window.press("Prepare")
    window.paint(window.strokes(None))
    window.screenshot("cells-strokes.webp")
    window.key(Qt.Key.Key_G)
    window.viewer.dims.set_current_step(0, len(window.truth) - 10)
    window.screenshot("cells-labels.webp")
    window.close()


class Animation:
    """Pictures of a window with their durations, written as an animated WebP."""

    def __init__(self, window: SampleWindow) -> None:
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
    window = SampleWindow("composed-scene", output)
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
