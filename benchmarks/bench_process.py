"""Whole processes: preparing, its memory, and memory by the length of a video."""

import pytest
from length import alone


def test_prepare_and_play_60_frames(benchmark, measured, davis, tmp_path):
    found = {}

    def once():
        found.update(alone("prepare", davis, 60, tmp_path / "cache"))
        found.update(alone("round", davis, 60, tmp_path / "cache"))

    benchmark.pedantic(once, rounds=1)
    measured("prepare, a frame", [found["prepare process"] / 60], "s", 0.2)
    measured("peak memory, prepare 60 frames", [found["prepare memory"]], "MB", 1500)
    measured("peak memory, play 60 frames", [found["round memory"]], "MB", 1500)


def test_memory_by_length(benchmark, measured, davis, tmp_path):
    if davis is None:
        pytest.skip("takes minutes; asked for with --davis")
    peaks = {}

    def once():
        for frames in (150, 1000):
            cache = tmp_path / str(frames)
            both = [alone(work, davis, frames, cache) for work in ("prepare", "round")]
            peaks[frames] = max(both[0]["prepare memory"], both[1]["round memory"])

    benchmark.pedantic(once, rounds=1)
    measured("peak memory, 1000 frames", [peaks[1000]], "MB")
    ratio = [peaks[1000] / peaks[150]]
    measured("peak memory, 1000 frames against 150", ratio, "times", 1.2)
