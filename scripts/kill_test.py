"""Kill a real window at random times, and check that its strokes are recovered.

    bash scripts/with_display.sh python scripts/kill_test.py --runs 200

Each run paints strokes in a
window of its own, predicts, undoes and saves, and is killed within a few seconds. The
strokes that were complete before must be in the autosave or in the saved project.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

FRAMES, HEIGHT, WIDTH = 4, 48, 64
MAX_SECONDS = 10.0
"""Longest time between the first stroke and the kill."""


def work(folder: Path) -> None:
    """Annotate until killed; print each pixel once its stroke is complete."""
    import napari
    from qtpy.QtTest import QTest

    from napari_gnn_vos.gui import plugin, scripting

    plugin.user_data_path = lambda _: folder / "user"
    scripting.user_cache_path = lambda _: folder / "cache"
    viewer = napari.Viewer()
    dock = plugin.AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock)
    annotator = dock.annotator
    viewer.add_layer(_layer(folder / "walk.npy"))
    while annotator.workspace is None:
        QTest.qWait(20)
    annotator.controller.rounds.completed.connect(lambda _m: print("round", flush=True))
    print("ready", flush=True)
    actions = [annotator.predict, annotator.undo, annotator.redo, annotator.prepare]
    actions.append(lambda: annotator.projects.save(folder / "walk.gnnvos"))
    rng = np.random.default_rng()
    for number in range(HEIGHT * WIDTH // 64):
        frame, row, col = number % FRAMES, 4 + number // 8 * 4, 4 + number % 8 * 7
        viewer.dims.set_current_step(0, frame)
        annotator.workspace.strokes.paint((frame, row, col), 1 + number % 2)
        QTest.qWait(1)
        print(frame, row, col, flush=True)
        dock.attempt(actions[rng.integers(len(actions))])
        QTest.qWait(int(rng.integers(120)))


def _layer(path: Path):
    from napari.layers import Layer

    from napari_gnn_vos.gui.reader import read

    return Layer.create(*read(str(path))[0])


def run_once(seconds: float) -> tuple[bool, str]:
    """Kill one window, and return whether all strokes are there, and a summary."""
    from napari_gnn_vos.io.project.autosave import recoverable_projects
    from napari_gnn_vos.io.project.project import Project

    with TemporaryDirectory() as name:
        folder = Path(name)
        frames = np.random.default_rng(0).integers(0, 255, (FRAMES, HEIGHT, WIDTH))
        np.save(folder / "walk.npy", frames.astype(np.uint8))
        command = [sys.executable, __file__, "--work", name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        output = iter(process.stdout.readline, "")
        ready = any(line.strip() == "ready" for line in output)
        time.sleep(seconds)
        process.kill()
        lines = process.stdout.read().splitlines()
        drawn = [
            tuple(map(int, line.split())) for line in lines if line.count(" ") == 2
        ]
        rounds = sum(line == "round" for line in lines)
        projects = recoverable_projects(folder / "user" / "autosave")
        saved = folder / "walk.gnnvos"
        projects += [Project.open(saved)] if saved.exists() else []
        best = max(projects, key=lambda p: p.log.position, default=None)
        logged = b"".join(best.log.lines).decode() if best else ""
        lost = [p for p in drawn if not _was_recorded(best, p)]
        damaged = [problem for p in projects for problem in p.problems]
        ok = ready and not lost and not damaged
        summary = f"{len(drawn)} strokes, {rounds} rounds, {len(lost)} lost"
        return ok, f"{summary}, {damaged or len(logged)}"


def _was_recorded(project, pixel: tuple[int, int, int]) -> bool:
    """Whether the log contains a pixel at any position: undo may have erased it."""
    if project is None:
        return False
    frame, row, col = pixel
    for position in range(project.log.position + 1):
        canvas = project.log.drawing_at(position).canvases.get(("brush", frame))
        if canvas is not None and canvas[row, col]:
            return True
    return False


def main() -> None:
    """Run the test, or annotate in a process that is killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="windows to kill")
    parser.add_argument("--seed", type=int, default=0, help="of the times of the kills")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work is not None:
        work(options.work)
        return
    runs, passed = options.runs, 0
    rng = np.random.default_rng(options.seed)
    for number in range(runs):
        ok, summary = run_once(rng.uniform(0.0, MAX_SECONDS))
        passed += ok
        print(f"{number + 1}: {'ok' if ok else 'FAILED'}, {summary}", flush=True)
    print(f"recovered {passed} of {runs}")
    sys.exit(passed < runs)


if __name__ == "__main__":
    main()
