"""Measure time and peak memory against the length of a video.

Each length runs in processes of its own. Time is processor time of all cores, because
long runs share the machine.

python benchmarks/length.py --davis ROOT --json docs/data/length.json
python scripts/result_tables.py
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
from report import write_run

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from videos import open_benchmark_video

LENGTHS = 60, 150, 300, 600, 1000, 2000
TITLES = {
    "prepare": "prepare [s]",
    "round": "round [s]",
    "first frame": "displayed frame [s]",
    "prepare memory": "peak memory, prepare [MB]",
    "round memory": "peak memory, open and two rounds [MB]",
}


def prepare(davis: Path | None, frames: int, cache: Path) -> dict[str, float]:
    """Prepare a video and return the processor time."""
    video, _ = open_benchmark_video(davis, frames)
    begin = time.process_time()
    drain(start(video, cache=cache))
    return {"prepare": time.process_time() - begin}


def run_two_rounds(davis: Path | None, frames: int, cache: Path) -> dict[str, float]:
    """Open a prepared video and run two rounds; the second one is timed."""
    video, truth = open_benchmark_video(davis, frames)
    session, model = drain(start(video, cache=cache)), load_model()
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    seconds: dict[str, float] = {}
    for round_index in range(2):
        labels = None if round_index == 0 else session.packed_labels[: len(truth)]
        strokes = annotator(labels, truth, rng)
        begin = time.process_time()
        session = annotate(session, strokes, rng=rng)

        def record(step: Progress, begin: float = begin) -> None:
            if isinstance(step, PartialResult):
                seconds.setdefault("first frame", time.process_time() - begin)

        session = drain(predict(session, model, first=strokes[0].frame), record)
        seconds["round"] = time.process_time() - begin
    return seconds


def run_process(
    stage: str, davis: Path | None, frames: int, cache: Path
) -> dict[str, float]:
    """Run a stage in a process of its own and return its times and peak memory."""
    command = [sys.executable, __file__, "--stage", stage, "--lengths", str(frames)]
    command += ["--cache", str(cache)] + (["--davis", str(davis)] if davis else [])
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"The stage {stage!r} failed on {frames} frames.")
    return json.loads(process.stdout)


def peak_memory() -> float:
    """Return the peak memory of this process since its program started, in MB (Linux).

    The peak that the system reports for a finished child process is at least the
    memory of its parent at the start of the child, so the child reports its own.
    """
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def plot(figures: dict[int, dict[str, float]], path: Path) -> None:
    """Plot time and memory against length."""
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    lengths = sorted(figures)
    for name, title in TITLES.items():
        values = [figures[length][name] for length in lengths]
        axes = right if "memory" in name else left
        axes.plot(lengths, values, "o-", label=title.split(" [")[0])
    left.set(xlabel="frames", ylabel="processor seconds", yscale="log", xscale="log")
    right.set(xlabel="frames", ylabel="MB", ylim=(0, None))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measure all lengths, or one stage of one length in a child process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--davis", type=Path, help="folder in DAVIS layout")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--cache", type=Path, help="prepared graphs; else a new folder")
    parser.add_argument("--plot", type=Path, help="write a plot")
    parser.add_argument("--json", type=Path, help="write the figures, for the docs")
    parser.add_argument("--stage", choices=("prepare", "round"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        run = prepare if options.stage == "prepare" else run_two_rounds
        seconds = run(options.davis, options.lengths[0], options.cache)
        print(json.dumps(seconds | {f"{options.stage} memory": peak_memory()}))
        return
    figures: dict[int, dict[str, float]] = {}
    print("| frames |", " | ".join(TITLES.values()), "|")
    print("|---" * (len(TITLES) + 1) + "|")
    for frames in options.lengths:
        with tempfile.TemporaryDirectory() as folder:
            video = options.davis, frames, options.cache or Path(folder)
            figures[frames] = run_process("prepare", *video)
            figures[frames] |= run_process("round", *video)
        cells = [f"{figures[frames][name]:.4g}" for name in TITLES]
        print(f"| {frames} |", " | ".join(cells), "|", flush=True)
    if options.plot:
        plot(figures, options.plot)
    if options.json:
        lengths = " ".join(map(str, options.lengths))
        report = {
            frames: {title: values[name] for name, title in TITLES.items()}
            for frames, values in figures.items()
        }
        command = f"python benchmarks/length.py --davis ROOT --lengths {lengths}"
        write_run(options.json, "length", command, report)


if __name__ == "__main__":
    main()
