import gc
import json
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import start
from napari_gnn_vos.errors import ReadError, ScribbleError, VideoError
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.baselines import (
    WholeVideoModel,
    harmonic_baseline,
    label_model_baseline,
)
from napari_gnn_vos.study.measure import benchmark as study
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.ceiling import mean_ceiling
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from napari_gnn_vos.study.rounds import FixedFirstRound, Score, run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from tests.study.davis_folders import (
    STROKES_ON_ONE,
    STROKES_ON_TWO,
    davis_folder,
    folders,
    write_human_scribbles,
)

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)
LABEL_MODEL = WholeVideoModel(label_model_baseline)

SIMPLE = Method("simple", DIFFUSION_MODEL, {"name": "simple"})
OTHER = Method("other", LABEL_MODEL, {"name": "other"})


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Plan two rounds on two sequences with human first strokes."""
    root = davis_folder(tmp_path_factory.mktemp("davis"))
    write_human_scribbles(root / "Scribbles", "one", STROKES_ON_ONE)
    write_human_scribbles(root / "Scribbles", "two", STROKES_ON_TWO)
    config = Config(refine="none")
    return BenchmarkPlan(root, ("one", "two"), 2, config=config, cache=root / "cache")


@pytest.fixture
def broken(tmp_path, plan):
    """Plan the same on a copy of the data, to be made invalid by a test."""
    return replace(plan, root=davis_folder(tmp_path / "davis"), cache=None)


def with_callback(callback):
    """Create a method with the name and facts of `SIMPLE` that calls a function."""

    def model(graph, node_inputs, frames):
        callback()
        return DIFFUSION_MODEL(graph, node_inputs, frames)

    return replace(SIMPLE, model=model)


def fail():
    raise AssertionError("predicted again")


def test_results_equal_those_of_run_rounds(plan):
    steps = []
    results = drain(
        study.benchmark(plan, [SIMPLE, OTHER], ResultCache(None)), steps.append
    )
    assert list(results) == ["simple", "other"]
    first, second = results["simple"]
    assert (first.sequence, first.objects, first.first_strokes) == ("one", 1, "human")
    assert (second.sequence, second.objects, second.first_strokes) == (
        "two",
        2,
        "human",
    )
    video, truth = read_davis(plan.root, "two")
    prepared = drain(start(video, plan.config, plan.cache))
    rng, stroke_source = (
        np.random.default_rng(0),
        FixedFirstRound(plan.first_strokes("two", truth), SimulatedAnnotator()),
    )
    rounds = run_rounds(
        prepared, truth, stroke_source, DIFFUSION_MODEL, rounds=2, rng=rng
    )
    sessions, scores = zip(*rounds, strict=True)
    for score, j, f in zip(scores, second.j, second.f, strict=True):
        np.testing.assert_allclose(score.j.mean(axis=0), j)
        np.testing.assert_allclose(score.f.mean(axis=0), f)
    assert 0.7 < first.ceiling <= 1
    assert first.superpixels == prepared.graph.counts.mean()
    assert second.edges == prepared.graph.window().edge_index.shape[1] / len(truth)
    before, after = second.details
    assert (before.ceiling, before.superpixels) == (second.ceiling, second.superpixels)
    assert after.superpixels == sessions[1].graph.counts.mean()
    assert after.ceiling == mean_ceiling(sessions[1].graph, truth) >= before.ceiling
    assert {(step.done, step.total) for step in steps} == {(n, 8) for n in range(9)}
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def test_sequence_without_human_strokes_starts_with_the_simulated_annotator(
    plan, tmp_path
):
    write_human_scribbles(tmp_path / "drawn", "two", STROKES_ON_TWO)
    mixed = replace(plan, scribbles=tmp_path / "drawn", rounds=1)
    results = drain(study.benchmark(mixed, [SIMPLE], ResultCache(None)))["simple"]
    assert [result.first_strokes for result in results] == ["robot", "human"]


def test_only_one_sequence_is_in_memory(plan, monkeypatch):
    references = []

    def read_and_track(root, name):
        gc.collect()
        assert all(reference() is None for reference in references)
        video, truth = read_davis(root, name)
        references.append(weakref.ref(truth))
        return video, truth

    monkeypatch.setattr(study, "read_davis", read_and_track)
    drain(study.benchmark(plan, [SIMPLE], ResultCache(None)))
    assert len(references) == 4


def test_cached_results_are_reused(plan, tmp_path):
    result_cache = ResultCache.beside(tmp_path / "out.json")
    first = drain(study.benchmark(plan, [SIMPLE], result_cache))
    again = drain(study.benchmark(plan, [with_callback(fail)], result_cache))
    assert again == first
    with pytest.raises(AssertionError, match="predicted again"):
        drain(
            study.benchmark(replace(plan, seed=1), [with_callback(fail)], result_cache)
        )


def test_interrupted_benchmark_resumes_with_the_next_sequence(plan, tmp_path):
    result_cache, calls = ResultCache.beside(tmp_path / "out.json"), []

    def stop_in_the_second_sequence():
        calls.append(1)
        if len(calls) == 5:  # two passes in each of both rounds of the first sequence
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drain(
            study.benchmark(
                plan, [with_callback(stop_in_the_second_sequence)], result_cache
            )
        )
    (file,) = result_cache.folder.iterdir()
    assert json.loads(file.read_text())["sequence"] == "one"
    calls.clear()
    results = drain(
        study.benchmark(plan, [with_callback(lambda: calls.append(1))], result_cache)
    )
    assert len(calls) == 4
    assert [result.sequence for result in results["simple"]] == ["one", "two"]
    uninterrupted = drain(study.benchmark(plan, [SIMPLE], ResultCache(None)))["simple"]
    assert [result.j for result in results["simple"]] == [
        result.j for result in uninterrupted
    ]


def test_missing_mask_is_reported_before_the_first_prediction(broken):
    _, masks = folders(broken.root, "two")
    (masks / "00002.png").unlink()
    with pytest.raises(ReadError, match="a mask for every frame"):
        drain(study.benchmark(broken, [with_callback(fail)], ResultCache(None)))


def test_mask_of_another_size_is_rejected(broken):
    _, masks = folders(broken.root, "two")
    Image.new("L", (32, 24)).save(masks / "00000.png")
    with pytest.raises(ReadError, match="the size of their frames"):
        drain(study.benchmark(broken, [with_callback(fail)], ResultCache(None)))


def test_masks_without_object_are_rejected(broken):
    _, masks = folders(broken.root, "one")
    for file in masks.iterdir():
        Image.new("L", (64, 48)).save(file)
    with pytest.raises(VideoError, match="the ground truth of 'one' has none"):
        drain(study.benchmark(broken, [with_callback(fail)], ResultCache(None)))


def test_strokes_on_unknown_objects_are_rejected(broken):
    write_human_scribbles(broken.root / "Scribbles", "two", {5: STROKES_ON_TWO[1]})
    with pytest.raises(ScribbleError, match="are on \\(5,\\)"):
        drain(study.benchmark(broken, [with_callback(fail)], ResultCache(None)))


def test_official_protocol_is_run_by_its_package(plan, monkeypatch):
    calls, j = [], np.full((4, 1), 0.5)

    def official(labelled_video, model, rounds, rng, first):
        calls.append((labelled_video.session.video.name, model, rounds, len(first)))
        yield from (Score(round_index, j, j + 0.1, 1.0, 2.0) for round_index in (1, 2))

    monkeypatch.setattr(study, "ensure_official", lambda: calls.append("package"))
    monkeypatch.setattr(study, "run_official", official)
    official_plan = replace(plan, names=("one",), protocol="davisinteractive")
    (result,) = drain(study.benchmark(official_plan, [SIMPLE], ResultCache(None)))[
        "simple"
    ]
    assert calls == ["package", ("one", DIFFUSION_MODEL, 2, 2)]
    assert result.j == ((0.5,), (0.5,))
    assert result.f == ((0.6,), (0.6,))
