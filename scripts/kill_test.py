"""Kill a real window at random times, and check that its strokes are recovered.

    bash scripts/with_display.sh python scripts/kill_test.py --runs 200 --json FILE

Each run paints strokes by mouse events in a window of its own, prepares, predicts,
undoes, saves and exports, and is killed at a random time, also in the middle of a
stroke. The strokes that were complete before must be in the autosave or in the saved
project, and files that were written must be complete. With `--json`, the results are
written after each run, and a file of earlier runs is continued.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

FRAMES, HEIGHT, WIDTH = 4, 48, 64
MAX_ACTIONS = 24
"""Most actions before the kill, of which every second one is a stroke."""
MAX_SECONDS = 0.5
"""Longest time from the start of the last action to the kill."""
MAX_PAUSE = 120
"""Longest pause between two actions in milliseconds."""


def work(folder: Path) -> None:
    """Annotate until killed; print each action, and a pixel of each complete stroke."""
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
    annotator.controller.rounds.completed.connect(lambda _m: _print("round"))
    QTest.qWait(300)  # the canvas has its size
    _print("ready")
    actions = {
        "prepare": annotator.prepare,
        "predict": annotator.predict,
        "undo": annotator.undo,
        "redo": annotator.redo,
        "save": lambda: annotator.projects.save(folder / "walk.gnnvos"),
        "export": lambda: _export(annotator, folder / "labels.tif"),
    }
    names, rng = list(actions), np.random.default_rng()
    for number in range(HEIGHT * WIDTH // 64):
        frame, row, col = number % FRAMES, 4 + number // 8 % 10 * 4, 5 + number % 8 * 7
        viewer.dims.set_current_step(0, frame)
        annotator.active_label.choose(1 + number % 2, "brush")
        _print("stroke")
        _drag(viewer, (row, col), (row, col + 3))
        QTest.qWait(1)
        _print(f"{frame} {row} {col}")
        name = names[rng.integers(len(names))]
        _print(name)
        dock.attempt(actions[name])
        _print("pause")
        QTest.qWait(int(rng.integers(MAX_PAUSE)))


def _print(text: str) -> None:
    print(text, flush=True)


def _layer(path: Path) -> Any:
    from napari.layers import Layer

    from napari_gnn_vos.gui.reader import read

    return Layer.create(*read(str(path))[0])


def _drag(viewer: Any, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press the left button at a pixel, move the mouse and release the button."""
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    canvas = viewer.window._qt_viewer.canvas  # noqa: SLF001
    points = [
        QPoint(*canvas.view.scene.transform.map([col, row])[:2].round().astype(int))
        for row, col in np.linspace(start, end, 4)
    ]
    left, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas.native, left, keys, points[0])
    for point in points[1:]:
        QTest.mouseMove(canvas.native, point)
        QTest.qWait(3)
    QTest.mouseRelease(canvas.native, left, keys, points[-1])


def _export(annotator: Any, path: Path) -> None:
    """Save the prediction as in File > Save Selected Layers."""
    layer = annotator.workspace.prediction
    if layer is not None:
        layer.save(str(path), plugin="napari-gnn-vos")


def _preload() -> None:
    """Import what each window needs, so that forked processes start sooner."""
    import napari
    import torch
    from qtpy import QtTest

    from napari_gnn_vos import engine
    from napari_gnn_vos.gui import plugin, scripting
    from napari_gnn_vos.gui.widgets import annotate_widget
    from napari_gnn_vos.model import loading

    _ = napari.Viewer, torch, QtTest, engine, plugin, scripting, annotate_widget
    _ = loading


def _start(folder: Path) -> tuple[int, Any]:
    """Start a process with a window of its own; return its id and its output."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        os.dup2(write, 1)
        os.close(read)
        try:
            work(folder)
        finally:
            os._exit(1)
    os.close(write)
    return process, os.fdopen(read)


def run_once(count: int, seconds: float) -> dict[str, Any]:
    """Kill one window; return the action that was running, and what is lost.

    Parameters
    ----------
    count : int
        Number of actions that are started before the kill.
    seconds : float
        Time from the start of the last of them to the kill.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        frames = np.random.default_rng(0).integers(0, 255, (FRAMES, HEIGHT, WIDTH))
        np.save(folder / "walk.npy", frames.astype(np.uint8))
        process, output = _start(folder)
        ready = any(line.strip() == "ready" for line in output)
        lines = _read_actions(output, count)
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
        lines += output.read().splitlines()
        os.waitpid(process, 0)
        drawn = [
            tuple(map(int, line.split())) for line in lines if line.count(" ") == 2
        ]
        actions = [line for line in lines if _is_action(line)]
        result = {
            "action": actions[-1] if actions else "",
            "seconds": round(seconds, 3),
            "strokes": len(drawn),
            "rounds": lines.count("round"),
            "faults": _faults(folder, drawn),
        }
    if not ready:
        result["faults"].append("the window did not open")
    return result


def _is_action(line: str) -> bool:
    return line.isalpha() and line not in ("round", "pause")


def _read_actions(output: Iterable[str], count: int) -> list[str]:
    """Read lines until a number of actions have started."""
    lines: list[str] = []
    if not count:
        return lines
    for line in output:
        lines.append(line.strip())
        count -= _is_action(lines[-1])
        if not count:
            break
    return lines


def _faults(folder: Path, drawn: list[tuple[int, ...]]) -> list[str]:
    """List strokes that are not recovered, and damaged projects and exports."""
    from napari_gnn_vos.io.project.autosave import recoverable_projects
    from napari_gnn_vos.io.project.project import Project

    projects = recoverable_projects(folder / "user" / "autosave")
    saved = folder / "walk.gnnvos"
    projects += [Project.open(saved)] if saved.exists() else []
    best = max(projects, key=lambda p: p.log.position, default=None)
    found = [f"lost stroke {pixel}" for pixel in _lost(best, drawn)]
    found += [problem for project in projects for problem in project.problems]
    return found + _damaged_export(folder / "labels.tif")


def _lost(project: Any, drawn: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """List the pixels that no position of the log has: undo may have erased them."""
    missing = set(drawn)
    positions = range(0 if project is None else project.log.position + 1)
    for position in positions:
        canvases = project.log.drawing_at(position).canvases
        for pixel in list(missing):
            canvas = canvases.get(("brush", pixel[0]))
            if canvas is not None and canvas[pixel[1:]]:
                missing.discard(pixel)
    return sorted(missing)


def _damaged_export(path: Path) -> list[str]:
    """Return a fault if an exported file exists and is not complete."""
    if not path.exists():
        return []
    import tifffile

    shape = tifffile.imread(path).shape
    return [] if shape == (FRAMES, HEIGHT, WIDTH) else [f"exported shape {shape}"]


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    actions = Counter(result["action"] for result in results)
    return {
        "runs": len(results),
        "recovered": sum(not result["faults"] for result in results),
        "strokes": sum(result["strokes"] for result in results),
        "rounds": sum(result["rounds"] for result in results),
        "killed_during": dict(actions.most_common()),
        "results": results,
    }


def main() -> None:
    """Run the test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="windows to kill in all")
    parser.add_argument("--seed", type=int, default=0, help="of the times of the kills")
    parser.add_argument("--json", type=Path, help="results, which are continued")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    if options.json is not None and options.json.exists():
        results = json.loads(options.json.read_text())["results"]
    _preload()
    rng = np.random.default_rng(options.seed)
    counts = rng.integers(0, MAX_ACTIONS, options.runs, endpoint=True)
    times = rng.uniform(0, MAX_SECONDS, options.runs)
    for number in range(len(results), options.runs):
        results.append(run_once(int(counts[number]), float(times[number])))
        print(f"{len(results)}: {results[-1]}", flush=True)
        if options.json is not None:
            options.json.write_text(json.dumps(_summary(results), indent=1) + "\n")
    summary = _summary(results)
    print(f"recovered {summary['recovered']} of {summary['runs']}")
    sys.exit(summary["recovered"] < summary["runs"])


if __name__ == "__main__":
    main()
