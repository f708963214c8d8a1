"""Measure peak memory, processor time and cancelling by frame size and objects.

Each case runs in a process of its own. Frames are synthetic and are made on access.

python benchmarks/memory.py --json docs/data/memory.json
python benchmarks/memory.py --case 4000 8000 2 1
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos import Scribble, annotate, drain, load_model, predict, start
from napari_gnn_vos.config import Config
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.vision import cv2

CASES = (
    (480, 854, 2, 1),
    (480, 854, 60, 1),
    (480, 854, 60, 20),
    (480, 854, 10, 254),
    (480, 854, 10, 1000),
    (1080, 1920, 2, 1),
    (1080, 1920, 60, 1),
    (2160, 3840, 2, 1),
    (4000, 8000, 2, 1),
    (4000, 8000, 2, 254),
    (4000, 8000, 60, 20),
)
"""Height, width, frames and objects."""
CANCELLED_AFTER = 0.05, 0.2, 0.4, 0.6, 0.8
"""Times in seconds after which a running preparation is cancelled."""


class Disks:
    """Frames of coloured disks over a smooth, moving texture."""

    dtype = np.dtype(np.uint8)

    def __init__(self, height: int, width: int, frames: int, objects: int) -> None:
        self.shape = frames, height, width, 3
        rng, side = np.random.default_rng(0), int(np.ceil(np.sqrt(objects)))
        coarse = rng.integers(0, 255, (height // 40 + 2, width // 40 + 2, 3), np.uint8)
        size = width + 2 * frames, height
        self._texture = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        cells = np.stack(np.divmod(np.arange(objects), side), axis=1) + 0.5
        self.centres = (cells * (height / side, width / side)).astype(int)
        self.radius = max(4, min(height, width) // side // 4)
        self._colours = rng.integers(0, 255, (objects, 3)).tolist()

    def __getitem__(self, t: int) -> np.ndarray:
        image = np.ascontiguousarray(self._texture[:, 2 * t : 2 * t + self.shape[2]])
        for (row, col), colour in zip(
            self.centres.tolist(), self._colours, strict=True
        ):
            cv2.circle(image, (col + t, row), self.radius, colour, -1)
        return image


def measure(case: tuple[int, int, int, int]) -> dict[str, Any]:
    """Prepare and predict a video twice in this process."""
    frames, model, config = Disks(*case), load_model(), Config()
    video = Video(frames, name="disks", identity="disks")
    result: dict[str, Any] = {"case": case, "start_mb": _peak()}
    begin = time.process_time()
    session = drain(start(video, config))
    result |= {"prepare_s": time.process_time() - begin, "prepare_mb": _peak()}
    half = np.array([frames.radius / 2, 0])
    strokes = [
        Scribble(0, k, [centre - half, centre + half])
        for k, centre in enumerate(frames.centres, start=1)
    ]
    rng = np.random.default_rng(0)
    for name, new in (("round", strokes), ("second_round", strokes[:1])):
        begin = time.process_time()
        session = drain(predict(annotate(session, new, rng=rng), model))
        result |= {f"{name}_s": time.process_time() - begin, f"{name}_mb": _peak()}
    labels = session.packed_labels[0]
    found = labels[tuple(frames.centres.T)] == np.arange(1, len(strokes) + 1)
    return result | {"found": float(found.mean()), "cancel_s": _cancel(video, config)}


def _cancel(video: Video, config: Config) -> float:
    """Cancel preparations at several times; return the longest delay in seconds."""
    delays = []
    for seconds in CANCELLED_AFTER:
        pipeline, requested = start(video, config), time.perf_counter() + seconds
        for _ in pipeline:
            if time.perf_counter() > requested:
                pipeline.close()
                delays.append(time.perf_counter() - requested)
                break
    return max(delays, default=0.0)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure the given case, or all cases in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--case", type=int, nargs=4, metavar=("H", "W", "T", "K"))
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(measure(tuple(arguments.case))), flush=True)
        return
    results = []
    for case in CASES:
        command = [sys.executable, __file__, "--case", *map(str, case)]
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        results.append(json.loads(output.stdout))
        print(output.stdout, end="", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
