"""Take pictures of several frames of a video after each round, in the napari window.

    bash scripts/with_display.sh python scripts/film_strip.py OUTPUT.webp \
        (--sample cells | --davis ROOT --sequence NAME) [--rounds 2] [--frames 6]

The strokes are simulated from the true labels and painted with the mouse. Each row of
the picture shows frames of one round, from the first frame to the last one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from driven_window import SETTLE_MS, DavisWindow, SampleWindow, Window
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_gnn_vos.study.metrics import jaccard

WIDTH, QUALITY = 320, 80
"""Width of a picture in pixels, and quality of the file."""
BRUSH = 2
"""Diameter of the brush in pixels."""


def main() -> None:
    """Paint, predict and write the pictures; print J after each round."""
    arguments = _parse()
    window = _open(arguments)
    window.press("Prepare")
    rows = []
    for number in range(1, arguments.rounds + 1):
        labels = window.labels() if number > 1 else None
        window.paint(window.strokes(labels), BRUSH)
        window.key(Qt.Key.Key_G)
        rows.append(_row(window, arguments.frames))
        print(f"round {number}: mean J {_mean_j(window):.3f}", flush=True)
    window.close()
    strip = Image.fromarray(np.concatenate(rows))
    strip.save(arguments.output, quality=QUALITY)
    print(arguments.output)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--sample", help="name of a sample of the plugin")
    parser.add_argument("--davis", type=Path, help="dataset in DAVIS layout")
    parser.add_argument("--sequence")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--frames", type=int, default=6)
    arguments = parser.parse_args()
    if bool(arguments.sample) == bool(arguments.davis and arguments.sequence):
        parser.error("expected --sample, or --davis and --sequence")
    return arguments


def _open(arguments: argparse.Namespace) -> Window:
    folder = arguments.output.parent
    if arguments.sample:
        return SampleWindow(arguments.sample, folder)
    return DavisWindow(arguments.davis, arguments.sequence, folder)


def _row(window: Window, count: int) -> np.ndarray:
    """Take pictures of the canvas at equal distances in time, (h, count * WIDTH, 3)."""
    pictures = []
    for frame in np.linspace(0, len(window.truth) - 1, count).round().astype(int):
        window.viewer.dims.set_current_step(0, int(frame))
        QTest.qWait(SETTLE_MS)
        picture = Image.fromarray(window.viewer.screenshot(flash=False)[..., :3])
        height = round(picture.height * WIDTH / picture.width)
        pictures.append(np.asarray(picture.resize((WIDTH, height))))
    return np.concatenate(pictures, axis=1)


def _mean_j(window: Window) -> float:
    """Return J, mean over the objects and the frames in which they are present."""
    truth, labels = window.truth, window.labels()
    objects = [int(k) for k in np.unique(truth) if k > 0]
    scores = jaccard(labels, truth, objects)
    means = []
    for column, label in enumerate(objects):
        present = (truth == label).any(axis=(1, 2))
        means.append(scores[present, column].mean())
    return float(np.mean(means))


if __name__ == "__main__":
    main()
