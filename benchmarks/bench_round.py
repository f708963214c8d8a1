"""Latencies of the user interface: opening, a round, the displayed frame."""

import time

import numpy as np
import pytest

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.engine import node_inputs
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.interact.pixel_labels import label_frame
from napari_gnn_vos.progress import PartialResult
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from videos import open_benchmark_video, several_objects

TARGETS = {"2 labels": (0.8, 0.3), "5 labels": (2.0, None)}
"""Seconds for a round, and for the displayed frame."""
NEAR_TARGET = 1.0
"""Seconds for the 30 frames around the displayed one."""


@pytest.fixture(scope="module", params=TARGETS)
def annotated(request, opened, cache):
    """Predict a first round; return number of labels, session and corrections."""
    video, truth = opened
    if request.param == "5 labels":
        truth = several_objects(truth, 4)
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    session = drain(start(video, cache=cache))
    session = annotate(session, annotator(None, truth, rng), rng=rng)
    session = drain(predict(session, load_model(device="cpu")))
    return request.param, session, annotator(session.labels, truth, rng)


def run_round(session, strokes, model, first=None, on_progress=None):
    """Run a round, from strokes to an array of labels."""
    session = annotate(session, strokes, rng=np.random.default_rng(0))
    return drain(predict(session, model, first=first), on_progress).labels


def test_round(benchmark, measured, annotated):
    name, session, strokes = annotated
    model = load_model(device="cpu")
    benchmark.pedantic(
        lambda: run_round(session, strokes, model), rounds=9, warmup_rounds=2
    )
    elapsed = benchmark.stats.stats.data
    measured(f"round of 60 frames, {name}", elapsed, "s", TARGETS[name][0])


def test_displayed_frame(benchmark, measured, annotated):
    """Measure when frames are shown first, outwards from one as in the window.

    With several objects these labels are preliminary.
    """
    name, session, strokes = annotated
    model, latencies, near_latencies = load_model(device="cpu"), [], []
    first = strokes[0].frame
    near = range(max(first - 15, 0), min(first + 16, session.graph.shape[0]))

    def run():
        begin, times = time.perf_counter(), {}

        def record(step):
            if isinstance(step, PartialResult):
                times.setdefault(step.frame, time.perf_counter() - begin)

        run_round(session, strokes, model, first, record)
        latencies.append(times[first])
        near_latencies.append(max(times[t] for t in near))

    benchmark.pedantic(run, rounds=9, warmup_rounds=2)
    measured(f"displayed frame, {name}", latencies[2:], "s", TARGETS[name][1])
    measured(f"30 frames around it, {name}", near_latencies[2:], "s", NEAR_TARGET)
    elapsed = benchmark.stats.stats.data
    measured(f"displayed frame, then all, {name}", elapsed, "s")


def test_stages_of_a_round(benchmark, measured, annotated):
    """Measure the stages of a round one after the other."""
    name, session, strokes = annotated
    model = load_model(device="cpu")
    elapsed = {"strokes to seeds": [], "node inputs": [], "network": [], "pixels": []}

    def timed(stage, work):
        begin = time.perf_counter()
        result = work()
        elapsed[stage].append(time.perf_counter() - begin)
        return result

    def run():
        rng = np.random.default_rng(0)
        new = timed("strokes to seeds", lambda: annotate(session, strokes, rng=rng))
        known = timed("node inputs", lambda: node_inputs(new))
        frames = range(new.graph.shape[0])
        probabilities = timed(
            "network", lambda: list(model(new.graph, known.of_frame, frames))
        )
        rows = [
            one_vs_rest(
                probabilities[t], known.node_labels.drawn[known.rows(t)], known.objects
            )
            for t in frames
        ]

        def pixels():
            return [label_frame(new, t, rows[t], known.objects) for t in frames]

        timed("pixels", pixels)

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    for stage, values in elapsed.items():
        measured(f"stage of a round, {name}: {stage}", values[1:], "s")


def test_open(benchmark, measured, davis, cache):
    def run():
        video, _ = open_benchmark_video(davis, 60)
        return drain(start(video, cache=cache)).graph.n

    benchmark.pedantic(run, rounds=9, warmup_rounds=1)
    measured("open a prepared video", benchmark.stats.stats.data, "s", 1.0)


def test_round_on_a_gpu(benchmark, measured, opened, cache):
    try:
        model = load_model(device="cuda")
    except SettingsError as error:
        pytest.skip(str(error))
    video, truth = opened
    session = drain(start(video, cache=cache))
    strokes = SimulatedAnnotator()(None, truth, np.random.default_rng(0))
    benchmark.pedantic(
        lambda: run_round(session, strokes, model), rounds=9, warmup_rounds=2
    )
    measured("round on a GPU, 2 labels", benchmark.stats.stats.data, "s", 0.05)
