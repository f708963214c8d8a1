"""Annotate the sample video in napari with the strokes of a simulated annotator.

The dock widget is opened on the sample. In each round, the simulated annotator paints
where the labels differ most from the ground truth, and Predict is called. Writes a
screenshot of the window, the labels as PNGs and a table of scores to ``demo/``. If
there is a screen, the window stays open.

    python scripts/demo.py [FRAMES]

uses a folder of frames in DAVIS layout, with masks, instead of the sample, and also
writes screenshots of the window before and after each round.
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
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.structures.canvas import value_of
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

PLUGIN, SAMPLE = "napari-gnn-vos", "composed-scene"
ROUNDS = 4
FOLDER = Path("demo")
Row = tuple[str, ...]


def main() -> None:
    """Annotate some rounds in the window, and write the results."""
    viewer, annotator, truth = open_window()
    rng, simulated_annotator = np.random.default_rng(0), SimulatedAnnotator()
    rows: list[Row] = []
    labels, frames = None, []
    for round_index in range(1, ROUNDS + 1):
        scribbles = simulated_annotator(labels, truth, rng)
        if not scribbles:
            break
        for scribble in reversed(scribbles):
            paint(viewer, annotator, scribble)
        frames.append(scribbles[0].frame)
        screenshot(viewer, f"round-{round_index}-before")
        start_time = time.perf_counter()
        labels = predict(annotator, round_index)
        seconds = time.perf_counter() - start_time
        rows.append(score(round_index, frames[-1], labels, truth, seconds))
        screenshot(viewer, f"round-{round_index}-after")
    if labels is None:
        sys.exit("The sample has no object to draw on.")

    viewer.dims.set_current_step(0, frames[0])
    wait_a_little()
    write(viewer, labels, rows)
    if not os.environ.get("VIRTUAL_SCREEN"):
        napari.run()


def open_window() -> tuple[napari.Viewer, Any, NDArray[np.uint8]]:
    """Open the window; return viewer, annotator and ground truth (T, H, W)."""
    viewer = napari.Viewer(title="napari-gnn-vos demo")
    viewer.window.resize(1440, 860)
    if sys.argv[1:]:
        viewer.open(sys.argv[1], plugin=PLUGIN)
    else:
        viewer.open_sample(PLUGIN, SAMPLE)
    truth = np.asarray(viewer.layers[-1].data)
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Annotate")
    annotator = widget.annotator
    annotator.projects.data_folder = None  # no autosave of the demo
    annotator.controller.message.connect(print)
    annotator.controller.jobs.failed.connect(sys.exit)
    wait(lambda: annotator.workspace is not None)
    wait_a_little()
    viewer.reset_view()
    return viewer, annotator, truth


def screenshot(viewer: napari.Viewer, name: str) -> None:
    """Write a screenshot of the window, if a video was given."""
    if sys.argv[1:]:
        wait_a_little(1.0)
        FOLDER.mkdir(exist_ok=True)
        file = str(FOLDER / f"{name}.png")
        viewer.screenshot(file, canvas_only=False, flash=False)


def paint(viewer: napari.Viewer, annotator: Any, scribble: Scribble) -> None:
    """Go to the frame, choose the object, and paint along the path."""
    viewer.dims.set_current_step(0, scribble.frame)
    annotator.active_label.choose(scribble.label, "brush")
    layer = annotator.workspace.strokes
    for row, col in resample(scribble.path):
        layer.paint((scribble.frame, row, col), value_of(scribble.label), refresh=False)
    layer.refresh()
    wait_a_little()


def resample(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Resample a path at a spacing of one pixel, (P, 2)."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.arange(0, along[-1] + 1)
    return np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)


def predict(annotator: Any, round_index: int) -> NDArray[np.uint8]:
    """Predict, wait for the result, and return its labels (T, H, W)."""
    annotator.predict()
    wait(lambda: not annotator.controller.jobs.busy)
    entry = annotator.controller.annotation.history.current
    if entry.rounds != round_index:
        sys.exit(f"Round {round_index} has failed, see the messages above.")
    return entry.session.labels


def score(
    round_index: int,
    frame: int,
    labels: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    seconds: float,
) -> Row:
    """Return a row of the table: mean J over all frames, of all and of each object."""
    j = jaccard(labels, truth, objects_of(truth))
    cells = [f"{value:.3f}" for value in (j.mean(), *j.mean(axis=0))]
    return str(round_index), str(frame), *cells, f"{seconds:.1f}"


def write(viewer: napari.Viewer, labels: NDArray[np.uint8], rows: list[Row]) -> None:
    """Write window.png, labels/ and the scores to the folder, and print the table."""
    FOLDER.mkdir(exist_ok=True)
    viewer.screenshot(str(FOLDER / "window.png"), canvas_only=False, flash=False)
    export_palette_pngs(labels, FOLDER / "labels", overwrite=True)
    objects = [f"J of object {k + 1}" for k in range(len(rows[0]) - 4)]
    head = ("round", "drawn on frame", "J", *objects, "seconds")
    with (FOLDER / "scores.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    lines = [" | ".join(row) for row in (head, ["---:"] * len(head), *rows)]
    table = "\n".join(f"| {line} |" for line in lines)
    note = "The first round includes the preparation, unless it was cached on disk."
    text = f"{table}\n\nJ is the mean over {len(labels)} frames. {note}\n"
    (FOLDER / "scores.md").write_text(text)
    print(f"\n{text}\nSee {FOLDER}/window.png, {FOLDER}/labels/ and {FOLDER}/scores.md")


def wait(done: Any, timeout: float = 900) -> None:
    """Process events until `done()` is true; exit after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            sys.exit(f"Nothing happened within {timeout:.0f} s.")
        wait_a_little(0.02)


def wait_a_little(seconds: float = 0.2) -> None:
    """Process events, so that the window is drawn and finished threads are removed."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
