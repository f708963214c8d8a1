"""Time and memory against the length of a video, each length a process of its own.

Time is that of the processor, all cores together, as long runs are seldom alone.

python benchmarks/length.py --davis ROOT --plot docs/images/length.png
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from footage import footage

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

LENGTHS = 60, 150, 300, 600, 1000, 2000
TITLES = {
    "prepare": "prepare [processor s]",
    "round": "a round [processor s]",
    "first frame": "the frame on screen [processor s]",
    "prepare memory": "peak memory, prepare [MB]",
    "round memory": "peak memory, open and two rounds [MB]",
}


def prepare(davis: Path | None, frames: int, cache: Path) -> dict[str, float]:
    """Prepare a video."""
    video, _ = footage(davis, frames)
    begin = time.process_time()
    drain(start(video, cache=cache))
    return {"prepare": time.process_time() - begin}


def play(davis: Path | None, frames: int, cache: Path) -> dict[str, float]:
    """Open a prepared video and play two rounds; the second is timed."""
    video, truth = footage(davis, frames)
    session, model = drain(start(video, cache=cache)), load_model()
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    took: dict[str, float] = {}
    for round_index in range(2):
        painted = None if round_index == 0 else session.packed_labels[: len(truth)]
        strokes = annotator(painted, truth, rng)
        begin = time.process_time()
        session = annotate(session, strokes, rng=rng)

        def see(step: Progress, begin: float = begin) -> None:
            if isinstance(step, PartialResult):
                took["first frame"] = time.process_time() - begin

        session = drain(predict(session, model, first=strokes[0].frame), see)
        took["round"] = time.process_time() - begin
    return took


def alone(work: str, davis: Path | None, frames: int, cache: Path) -> dict[str, float]:
    """Do work in a process of its own, and add its time, and its peak memory in MB."""
    words = [sys.executable, __file__, "--work", work, "--lengths", str(frames)]
    words += ["--cache", str(cache)] + (["--davis", str(davis)] if davis else [])
    begin = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = process.stdout.read()
    if process.wait():
        raise SystemExit(f"{work} of {frames} frames has failed")
    took = {f"{work} process": time.perf_counter() - begin}
    return json.loads(told) | took


def peak() -> float:
    """Peak memory of this process since its program began, in MB (Linux).

    What the system tells of a process that has ended is never below what its parent
    had when it began.
    """
    status = Path("/proc/self/status").read_text()
    (told,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(told.split()[1]) / 1024


def plot(found: dict[int, dict[str, float]], path: Path) -> None:
    """Draw time, and memory, by length."""
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    lengths = sorted(found)
    for name, title in TITLES.items():
        values = [found[length][name] for length in lengths]
        axes = right if "memory" in name else left
        axes.plot(lengths, values, "o-", label=title.split(" [")[0])
    left.set(xlabel="frames", ylabel="processor seconds", yscale="log", xscale="log")
    right.set(xlabel="frames", ylabel="MB", ylim=(0, None))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--davis", type=Path, help="folder in DAVIS layout")
    read.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    read.add_argument("--cache", type=Path, help="prepared graphs; else a new folder")
    read.add_argument("--plot", type=Path)
    read.add_argument("--work", choices=("prepare", "round"), help=argparse.SUPPRESS)
    said = read.parse_args()
    if said.work:
        do = prepare if said.work == "prepare" else play
        took = do(said.davis, said.lengths[0], said.cache)
        print(json.dumps(took | {f"{said.work} memory": peak()}))
        return
    found: dict[int, dict[str, float]] = {}
    print("| frames |", " | ".join(TITLES.values()), "|")
    print("|---" * (len(TITLES) + 1) + "|")
    for frames in said.lengths:
        with tempfile.TemporaryDirectory() as folder:
            given = said.davis, frames, said.cache or Path(folder)
            found[frames] = alone("prepare", *given) | alone("round", *given)
        cells = [f"{found[frames][name]:.4g}" for name in TITLES]
        print(f"| {frames} |", " | ".join(cells), "|", flush=True)
    if said.plot:
        plot(found, said.plot)


if __name__ == "__main__":
    main()
