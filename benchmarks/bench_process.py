"""Time and peak memory of whole processes that prepare and annotate a video."""

import pytest
from length import run_process


def test_prepare_and_annotate_60_frames(benchmark, measured, davis, tmp_path):
    figures = {}

    def run():
        figures.update(run_process("prepare", davis, 60, tmp_path / "cache"))
        figures.update(run_process("round", davis, 60, tmp_path / "cache"))

    benchmark.pedantic(run, rounds=1)
    measured("prepare, processor time per frame", [figures["prepare"] / 60], "s")
    measured("peak memory, prepare 60 frames", [figures["prepare memory"]], "MB", 1500)
    measured("peak memory, two rounds", [figures["round memory"]], "MB", 1500)


def test_memory_by_length(benchmark, measured, davis, tmp_path):
    if davis is None:
        pytest.skip("takes minutes; enable it with --davis")
    peaks = {}

    def run():
        for frames in (150, 1000):
            cache = tmp_path / str(frames)
            figures = run_process("prepare", davis, frames, cache)
            figures |= run_process("round", davis, frames, cache)
            peaks[frames] = max(figures["prepare memory"], figures["round memory"])

    benchmark.pedantic(run, rounds=1)
    measured("peak memory, 1000 frames", [peaks[1000]], "MB")
    ratio = [peaks[1000] / peaks[150]]
    measured("peak memory, 1000 frames relative to 150", ratio, "times", 1.2)
