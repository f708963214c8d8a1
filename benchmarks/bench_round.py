"""What a person waits for: opening, a round, the frame on screen."""

import time

import numpy as np
import pytest
from footage import footage, several_objects

from napari_gnn_vos import annotate, drain, load_model, predict, start
from napari_gnn_vos.engine import evidence
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.interact.paint import paint_frame
from napari_gnn_vos.progress import PartialResult
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

AIMS = {"2 labels": (0.8, 0.3), "5 labels": (2.0, None)}
"""Seconds for a round, and for the frame on screen."""


@pytest.fixture(scope="module", params=AIMS)
def drawn(request, opened, cache):
    """Number of labels, a session that was answered once, strokes that correct it."""
    video, truth = opened
    if request.param == "5 labels":
        truth = several_objects(truth, 4)
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    session = drain(start(video, cache=cache))
    session = annotate(session, annotator(None, truth, rng), rng=rng)
    session = drain(predict(session, load_model(device="cpu")))
    return request.param, session, annotator(session.labels, truth, rng)


def play(session, strokes, model, first=None, see=None):
    """Play a round, from strokes to an array of labels."""
    session = annotate(session, strokes, rng=np.random.default_rng(0))
    return drain(predict(session, model, first=first), see).labels


def test_round(benchmark, measured, drawn):
    name, session, strokes = drawn
    model = load_model(device="cpu")
    benchmark.pedantic(lambda: play(session, strokes, model), rounds=9, warmup_rounds=2)
    took = benchmark.stats.stats.data
    measured(f"a round of 60 frames, {name}", took, "s", AIMS[name][0])


def test_frame_on_screen(benchmark, measured, drawn):
    """The frame on screen first, then all frames, as in the window."""
    name, session, strokes = drawn
    model, shown = load_model(device="cpu"), []

    def once():
        begin = time.perf_counter()

        def see(step):
            if isinstance(step, PartialResult):
                shown.append(time.perf_counter() - begin)

        play(session, strokes, model, strokes[0].frame, see)

    benchmark.pedantic(once, rounds=9, warmup_rounds=2)
    measured(f"the frame on screen, {name}", shown[2:], "s", AIMS[name][1])
    took = benchmark.stats.stats.data
    measured(f"that frame and then a round, {name}", took, "s")


def test_stages_of_a_round(benchmark, measured, drawn):
    """Where the time goes, one stage after the other."""
    name, session, strokes = drawn
    model = load_model(device="cpu")
    took = {"strokes to seeds": [], "evidence": [], "network": [], "pixels": []}

    def clocked(stage, work):
        begin = time.perf_counter()
        out = work()
        took[stage].append(time.perf_counter() - begin)
        return out

    def once():
        rng = np.random.default_rng(0)
        new = clocked("strokes to seeds", lambda: annotate(session, strokes, rng=rng))
        found = clocked("evidence", lambda: evidence(new))
        every = range(new.graph.shape[0])
        probabilities = clocked(
            "network", lambda: list(model(new.graph, found.inputs, every))
        )
        rows = [
            one_vs_rest(
                probabilities[t], found.node_labels.drawn[found.rows(t)], found.objects
            )
            for t in every
        ]

        def pixels():
            return [paint_frame(new, t, rows[t], found.objects) for t in every]

        clocked("pixels", pixels)

    benchmark.pedantic(once, rounds=5, warmup_rounds=1)
    for stage, values in took.items():
        measured(f"of a round, {name}: {stage}", values[1:], "s")


def test_open(benchmark, measured, davis, cache):
    def once():
        video, _ = footage(davis, 60)
        return drain(start(video, cache=cache)).graph.n

    benchmark.pedantic(once, rounds=9, warmup_rounds=1)
    measured("open a prepared video", benchmark.stats.stats.data, "s", 1.0)


def test_round_on_a_gpu(benchmark, measured, opened, cache):
    try:
        model = load_model(device="cuda")
    except SettingsError as error:
        pytest.skip(str(error))
    video, truth = opened
    session = drain(start(video, cache=cache))
    strokes = SimulatedAnnotator()(None, truth, np.random.default_rng(0))
    benchmark.pedantic(lambda: play(session, strokes, model), rounds=9, warmup_rounds=2)
    measured("a round on a GPU, 2 labels", benchmark.stats.stats.data, "s", 0.05)
