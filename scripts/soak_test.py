"""Annotate video after video in a real window, and check that nothing accumulates.

    bash scripts/with_display.sh python scripts/soak_test.py --rounds 2000

The simulated annotator opens a video, prepares it, draws strokes and predicts in
several rounds, undoes and repeats one, saves the project, closes the layers and
continues with the next video. Memory, threads, open files and layers are recorded after
each round.

The memory of the process includes free memory that the allocator keeps for later. So
the allocated memory and the number of Python's memory blocks have limits of their own.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROUNDS_PER_VIDEO = 8
SHAPES = (48, 64), (64, 96), (80, 112), (56, 144)
"""Sizes of the videos, used in turns."""
FRAMES = 6
WARM_UP_VIDEOS = 4
"""Videos before memory is compared: libraries and caches are loaded with them."""
MAX_GROWTH_MB = 60.0
"""Largest accepted growth of the memory after the warm-up."""
MAX_GROWTH_PER_ROUND_MB = 0.05
"""The same for each round, in a long run."""
MAX_ALLOCATED_GROWTH_MB, MAX_ALLOCATED_GROWTH_PER_ROUND_MB = 25.0, 0.01
"""Largest accepted growth of the memory that is allocated and not free."""
MAX_BLOCK_GROWTH, MAX_BLOCK_GROWTH_PER_ROUND = 10_000, 30
"""Largest accepted growth of the number of memory blocks of Python; the records of this
test are 15 per round."""


class MallocInfo(ctypes.Structure):
    """The structure ``mallinfo2`` of glibc: numbers of bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def allocated_mb() -> float:
    """Return the memory that is allocated from the C library; 0 if it is not glibc."""
    try:
        mallinfo = ctypes.CDLL("libc.so.6").mallinfo2
    except (AttributeError, OSError):
        return 0.0
    mallinfo.restype = MallocInfo
    info = mallinfo()
    return float(info.uordblks + info.hblkhd) / 2**20


class Soak:
    """A window in which videos are annotated.

    Parameters
    ----------
    folder : Path
        For autosaves, prepared graphs and projects.

    Attributes
    ----------
    records : list of dict
        Measurements after each round.
    closed : list of dict
        Measurements after the layers of each video were removed.
    """

    def __init__(self, folder: Path) -> None:
        import napari

        from napari_gnn_vos.gui import plugin, scripting

        plugin.user_data_path = lambda _: folder / "user"
        scripting.user_cache_path = lambda _: folder / "cache"
        self.folder = folder
        self.viewer = napari.Viewer()
        self.dock = plugin.AnnotateDock(self.viewer)
        self.viewer.window.add_dock_widget(self.dock)
        # With software OpenGL, napari crashes if a first layer brings the time slider
        # and the canvas is drawn meanwhile. So a layer with the same axes remains.
        self.viewer.add_points([(0, 0, 0), (FRAMES - 1, 1, 1)], name="axes")
        self.records: list[dict[str, float]] = []
        self.closed: list[dict[str, float]] = []

    @property
    def annotator(self) -> Any:
        """The annotator of the dock widget."""
        return self.dock.annotator

    def wait_until(self, condition: Any, what: str, seconds: float = 300.0) -> None:
        """Process events until a condition holds.

        Raises
        ------
        TimeoutError
            If it does not hold in time.
        """
        from qtpy.QtTest import QTest

        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} took more than {seconds} s")
            QTest.qWait(5)

    def annotate_video(self, number: int, rounds: int) -> None:
        """Annotate one video for some rounds and close it."""
        from napari_gnn_vos.gui.layer_data import image_data
        from napari_gnn_vos.io.samples.photo_scenes import compose_scene

        shape = SHAPES[number % len(SHAPES)]
        video, truth = compose_scene(frames=FRAMES, shape=shape, objects=2, seed=number)
        data, options, _ = image_data(video)
        self.viewer.add_image(data, **options | {"name": f"video {number}"})
        self.wait_until(lambda: self.annotator.workspace is not None, "opening")
        self.annotator.prepare()
        self._finish("preparation")
        for _ in range(rounds):
            self._annotate_round(truth)
            self.records.append(self._measure())
        self.annotator.undo()
        self.annotator.redo()
        self.annotator.projects.save(self.folder / f"{number % 3}.gnnvos")
        self._finish("saving")
        for layer in [*self.viewer.layers][:0:-1]:  # all but the first
            self.viewer.layers.remove(layer)
        self.wait_until(lambda: self.annotator.workspace is None, "closing")
        gc.collect()
        self.closed.append(self._measure())

    def _annotate_round(self, truth: Any) -> None:
        """Draw the strokes of the simulated annotator and predict."""
        from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

        session = self.annotator.controller.annotation.session
        labels = session.labels
        rng = np.random.default_rng(len(self.records))
        strokes = SimulatedAnnotator(vary=True)(labels, truth, rng)
        for stroke in strokes:
            self._draw(stroke)
        if not strokes:
            self._erase()
        self.annotator.predict()
        self._finish("a round")

    def _draw(self, stroke: Any) -> None:
        from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE

        layer = self.annotator.workspace.strokes
        layer.brush_size = 2
        value = stroke.label or BACKGROUND_VALUE
        self.viewer.dims.set_current_step(0, stroke.frame)
        for row, col in np.rint(stroke.path).astype(int).tolist():
            layer.paint((stroke.frame, row, col), value)

    def _erase(self) -> None:
        """Change a pixel where nothing is left to correct."""
        layer = self.annotator.workspace.strokes
        frame, row, col = np.argwhere(np.asarray(layer.data))[0].tolist()
        layer.paint((frame, row, col), 0)

    def _finish(self, what: str) -> None:
        self.wait_until(lambda: not self.annotator.controller.jobs.busy, what)

    def _measure(self) -> dict[str, float]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return {
            "time": time.monotonic(),
            "memory_mb": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
            "allocated_mb": allocated_mb(),
            "python_blocks": sys.getallocatedblocks(),
            "python_threads": threading.active_count(),
            "threads": len([*Path("/proc/self/task").iterdir()]),
            "files": len([*Path("/proc/self/fd").iterdir()]),
            "layers": len(self.viewer.layers) - 1,
        }


def faults(closed: list[dict[str, float]], rounds: int) -> list[str]:
    """Find what accumulates from video to video.

    Parameters
    ----------
    closed : list of dict
        Measurements after each video.
    rounds : int
        Number of rounds after the warm-up.

    Returns
    -------
    faults : list of str
    """
    first, last = closed[WARM_UP_VIDEOS - 1], closed[-1]
    limits = {
        "python_threads": 0,
        "threads": 2,
        "files": 2,
        "layers": 0,
        "memory_mb": MAX_GROWTH_MB + MAX_GROWTH_PER_ROUND_MB * rounds,
        "allocated_mb": MAX_ALLOCATED_GROWTH_MB
        + MAX_ALLOCATED_GROWTH_PER_ROUND_MB * rounds,
        "python_blocks": MAX_BLOCK_GROWTH + MAX_BLOCK_GROWTH_PER_ROUND * rounds,
    }
    found = [
        f"{name} grew from {first[name]:.0f} to {last[name]:.0f}"
        for name, growth in limits.items()
        if last[name] > first[name] + growth
    ]
    return found + [f"{last['layers']:.0f} layers remain"] * bool(last["layers"])


def main() -> int:
    """Run the rounds; return 1 if something accumulates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000, help="rounds to predict")
    parser.add_argument("--json", type=Path, help="write the measurements to this file")
    options = parser.parse_args()
    done, number, begin = 0, 0, time.monotonic()
    per_video = min(ROUNDS_PER_VIDEO, max(1, options.rounds // (2 * WARM_UP_VIDEOS)))
    with TemporaryDirectory() as name:
        soak = Soak(Path(name))
        while done < options.rounds or number <= WARM_UP_VIDEOS:
            soak.annotate_video(number, per_video)
            done, number = len(soak.records), number + 1
            print(f"video {number}, round {done}: {soak.closed[-1]}", flush=True)
            found = faults(soak.closed, done) if number >= WARM_UP_VIDEOS else []
            if options.json:
                _write(options.json, soak, time.monotonic() - begin, found)
        soak.viewer.close()
    print(f"{done} rounds, {number} videos; {found or 'nothing accumulates'}")
    return bool(found)


def _write(path: Path, soak: Soak, seconds: float, found: list[str]) -> None:
    """Write a summary and the measurements after each video as JSON."""
    first = soak.closed[min(WARM_UP_VIDEOS, len(soak.closed)) - 1]
    result = {
        "rounds": len(soak.records),
        "videos": len(soak.closed),
        "seconds": round(seconds),
        "faults": found,
        "after_warm_up": first,
        "last": soak.closed[-1],
        "peak_memory_mb": max(record["memory_mb"] for record in soak.records),
        "memory_mb": [round(record["memory_mb"]) for record in soak.closed],
    }
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
