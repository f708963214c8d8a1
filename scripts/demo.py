"""Segment the sample video in napari, as a person would, with a robot's strokes.

The plugin's widget is opened on the sample; in every round the robot looks at the
truth and paints where the labels are most wrong, then Predict is pressed. Leaves in
``demo/`` the window as a picture, the labels as PNGs and a table of scores. On a
screen the window stays open: go on from there.

    python scripts/demo.py [FRAMES]

takes a folder of frames in DAVIS layout, with masks, in place of the sample, and
leaves pictures of the window before and after every round, too.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path
from typing import Any

import napari
import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEventLoop, QTimer

from napari_gnn_vos import Scribble
from napari_gnn_vos.gui.palette import value_of
from napari_gnn_vos.io.export import export_palette_pngs
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

PLUGIN, SAMPLE = "napari-gnn-vos", "composed-scene"
ROUNDS = 4
FOLDER = Path("demo")
Row = tuple[str, ...]


def main() -> None:
    """Play the rounds, show them, and write what came of them."""
    viewer, annotator, truth = open_window()
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    rows: list[Row] = []
    labels, frames = None, []
    for round_index in range(1, ROUNDS + 1):
        scribbles = annotator(labels, truth, rng)
        if not scribbles:
            break
        for scribble in reversed(scribbles):
            paint(viewer, annotator, scribble)
        frames.append(scribbles[0].frame)
        picture(viewer, f"round-{round_index}-before")
        began = time.perf_counter()
        labels = press_predict(annotator, round_index)
        rows.append(
            score(round_index, frames[-1], labels, truth, time.perf_counter() - began)
        )
        picture(viewer, f"round-{round_index}-after")
    if labels is None:
        sys.exit("The sample has nothing to draw on")

    viewer.dims.set_current_step(0, frames[0])
    wait_a_little()
    write(viewer, labels, rows)
    if not os.environ.get("VIRTUAL_SCREEN"):
        napari.run()


def open_window() -> tuple[napari.Viewer, Any, NDArray[np.uint8]]:
    """Open the window on the video; viewer, annotator, and the truth (T, H, W)."""
    viewer = napari.Viewer(title="napari-gnn-vos demo")
    viewer.window.resize(1440, 860)
    if sys.argv[1:]:
        viewer.open(sys.argv[1], plugin=PLUGIN)
    else:
        viewer.open_sample(PLUGIN, SAMPLE)
    truth = np.asarray(viewer.layers[-1].data)
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN)
    annotator = widget.annotator
    annotator.controller.message.connect(print)
    annotator.controller.jobs.failed.connect(sys.exit)
    wait(lambda: annotator.workspace is not None)
    wait_a_little()
    viewer.reset_view()
    return viewer, annotator, truth


def picture(viewer: napari.Viewer, name: str) -> None:
    """Leave a picture of the window, where a video was given."""
    if sys.argv[1:]:
        wait_a_little(1.0)
        FOLDER.mkdir(exist_ok=True)
        file = str(FOLDER / f"{name}.png")
        viewer.screenshot(file, canvas_only=False, flash=False)


def paint(viewer: napari.Viewer, annotator: Any, scribble: Scribble) -> None:
    """Go to the frame, choose the object, and draw the brush along the path."""
    viewer.dims.set_current_step(0, scribble.frame)
    annotator.active_label.choose(scribble.label, "brush")
    layer = annotator.workspace.strokes
    for row, col in finely(scribble.path):
        layer.paint((scribble.frame, row, col), value_of(scribble.label), refresh=False)
    layer.refresh()
    wait_a_little()


def finely(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points of a path a pixel apart, (P, 2)."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.arange(0, along[-1] + 1)
    return np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)


def press_predict(annotator: Any, round_index: int) -> NDArray[np.uint8]:
    """Predict, wait for the answer, and return its labels (T, H, W)."""
    annotator.predict()
    wait(lambda: not annotator.controller.jobs.busy)
    now = annotator.controller.history.current
    if now.round != round_index:
        sys.exit(f"Round {round_index} did not end well, see above")
    return now.session.labels


def score(
    round_index: int,
    frame: int,
    labels: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    seconds: float,
) -> Row:
    """Return a row of the table: J of all frames, in all and of every object."""
    j = jaccard(labels, truth, objects_of(truth))
    cells = [f"{value:.3f}" for value in (j.mean(), *j.mean(axis=0))]
    return str(round_index), str(frame), *cells, f"{seconds:.1f}"


def write(viewer: napari.Viewer, labels: NDArray[np.uint8], rows: list[Row]) -> None:
    """Leave window.png, labels/ and the scores in the folder, and print the table."""
    FOLDER.mkdir(exist_ok=True)
    viewer.screenshot(str(FOLDER / "window.png"), canvas_only=False, flash=False)
    export_palette_pngs(labels, FOLDER / "labels", overwrite=True)
    objects = [f"J of object {k + 1}" for k in range(len(rows[0]) - 4)]
    head = ("round", "drawn on frame", "J", *objects, "seconds")
    with (FOLDER / "scores.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    lines = [" | ".join(row) for row in (head, ["---:"] * len(head), *rows)]
    table = "\n".join(f"| {line} |" for line in lines)
    note = "The first round's seconds hold the preparation, unless it was kept on disk."
    text = f"{table}\n\nJ is the mean over {len(labels)} frames. {note}\n"
    (FOLDER / "scores.md").write_text(text)
    print(f"\n{text}\nSee {FOLDER}/window.png, {FOLDER}/labels/ and {FOLDER}/scores.md")


def wait(done: Any, most: float = 900) -> None:
    """Let the window live until `done()`, or give up."""
    end = time.monotonic() + most
    while not done():
        if time.monotonic() > end:
            sys.exit(f"Gave up after {most:.0f} s")
        wait_a_little(0.02)


def wait_a_little(seconds: float = 0.2) -> None:
    """Let the window draw itself, and napari take away what it has done with."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
