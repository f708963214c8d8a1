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
    diffusion_baseline,
    label_model_baseline,
)
from napari_gnn_vos.study.measure import benchmark as study
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
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

DIFFUSION_MODEL = WholeVideoModel(diffusion_baseline)
LABEL_MODEL = WholeVideoModel(label_model_baseline)

SIMPLE = Method("simple", DIFFUSION_MODEL, {"name": "simple"})
OTHER = Method("other", LABEL_MODEL, {"name": "other"})


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Two sequences with a person's first strokes, and two rounds."""
    root = davis_folder(tmp_path_factory.mktemp("davis"))
    write_human_scribbles(root / "Scribbles", "one", STROKES_ON_ONE)
    write_human_scribbles(root / "Scribbles", "two", STROKES_ON_TWO)
    config = Config(refine=False)
    return BenchmarkPlan(root, ("one", "two"), 2, config=config, cache=root / "cache")


@pytest.fixture
def broken(tmp_path, plan):
    """The same in a folder of its own, for what is wrong with a data set."""
    return replace(plan, root=davis_folder(tmp_path / "davis"), cache=None)


def model_that(does):
    """A method of the name and facts of `SIMPLE`."""

    def model(graph, told, frames):
        does()
        return DIFFUSION_MODEL(graph, told, frames)

    return replace(SIMPLE, model=model)


def never():
    raise AssertionError("nothing was to be played")


def test_it_plays_what_play_plays(plan):
    steps = []
    played = drain(
        study.benchmark(plan, [SIMPLE, OTHER], ResultCache(None)), steps.append
    )
    assert list(played) == ["simple", "other"]
    one, two = played["simple"]
    assert (one.sequence, one.objects, one.first_strokes) == ("one", 1, "human")
    assert (two.sequence, two.objects, two.first_strokes) == ("two", 2, "human")
    video, truth = read_davis(plan.root, "two")
    session = drain(start(video, plan.config, plan.cache))
    rng, stroke_source = (
        np.random.default_rng(0),
        FixedFirstRound(plan.first_strokes("two", truth), SimulatedAnnotator()),
    )
    result = run_rounds(
        session, truth, stroke_source, DIFFUSION_MODEL, rounds=2, rng=rng
    )
    for (_, score), j, f in zip(result, two.j, two.f, strict=True):
        np.testing.assert_allclose(score.j.mean(axis=0), j)
        np.testing.assert_allclose(score.f.mean(axis=0), f)
    assert 0.7 < one.ceiling <= 1
    assert one.superpixels == session.graph.counts.mean()
    assert two.edges == session.graph.window().edge_index.shape[1] / len(truth)
    assert {(at.done, at.total) for at in steps} == {(n, 8) for n in range(9)}
    assert [at.done for at in steps] == sorted(at.done for at in steps)


def test_where_nobody_drew_the_robot_begins(plan, tmp_path):
    write_human_scribbles(tmp_path / "drawn", "two", STROKES_ON_TWO)
    mixed = replace(plan, scribbles=tmp_path / "drawn", rounds=1)
    played = drain(study.benchmark(mixed, [SIMPLE], ResultCache(None)))["simple"]
    assert [one.first_strokes for one in played] == ["robot", "human"]


def test_one_sequence_is_in_memory_at_a_time(plan, monkeypatch):
    alive = []

    def watched(root, name):
        gc.collect()
        assert [one for one in alive if one() is not None] == []
        video, truth = read_davis(root, name)
        alive.append(weakref.ref(truth))
        return video, truth

    monkeypatch.setattr(study, "read_davis", watched)
    drain(study.benchmark(plan, [SIMPLE], ResultCache(None)))
    assert len(alive) == 4


def test_what_was_finished_is_not_played_again(plan, tmp_path):
    result_cache = ResultCache.beside(tmp_path / "out.json")
    first = drain(study.benchmark(plan, [SIMPLE], result_cache))
    again = drain(study.benchmark(plan, [model_that(never)], result_cache))
    assert again == first
    with pytest.raises(AssertionError, match="nothing was to be played"):
        drain(study.benchmark(replace(plan, seed=1), [model_that(never)], result_cache))


def test_stopped_it_goes_on_with_the_next_sequence(plan, tmp_path):
    result_cache, calls = ResultCache.beside(tmp_path / "out.json"), []

    def stop_in_the_second():
        calls.append(1)
        if len(calls) == 3:  # both rounds of the first were played
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drain(study.benchmark(plan, [model_that(stop_in_the_second)], result_cache))
    (file,) = result_cache.folder.iterdir()
    assert json.loads(file.read_text())["sequence"] == "one"
    calls.clear()
    played = drain(
        study.benchmark(plan, [model_that(lambda: calls.append(1))], result_cache)
    )
    assert len(calls) == 2
    assert [one.sequence for one in played["simple"]] == ["one", "two"]
    whole = drain(study.benchmark(plan, [SIMPLE], ResultCache(None)))["simple"]
    assert [one.j for one in played["simple"]] == [one.j for one in whole]


def test_masks_that_are_missing_are_told_before_anything_is_played(broken):
    _, masks = folders(broken.root, "two")
    (masks / "00002.png").unlink()
    with pytest.raises(ReadError, match="a mask for every frame"):
        drain(study.benchmark(broken, [model_that(never)], ResultCache(None)))


def test_masks_of_another_size_are_told(broken):
    _, masks = folders(broken.root, "two")
    Image.new("L", (32, 24)).save(masks / "00000.png")
    with pytest.raises(ReadError, match="the size of their frames"):
        drain(study.benchmark(broken, [model_that(never)], ResultCache(None)))


def test_masks_without_an_object_are_told(broken):
    _, masks = folders(broken.root, "one")
    for file in masks.iterdir():
        Image.new("L", (64, 48)).save(file)
    with pytest.raises(VideoError, match="those of 'one' have none"):
        drain(study.benchmark(broken, [model_that(never)], ResultCache(None)))


def test_strokes_of_other_objects_are_told(broken):
    write_human_scribbles(broken.root / "Scribbles", "two", {5: STROKES_ON_TWO[1]})
    with pytest.raises(ScribbleError, match="are on \\(5,\\)"):
        drain(study.benchmark(broken, [model_that(never)], ResultCache(None)))


def test_the_other_protocol_is_played_by_its_package(plan, monkeypatch):
    asked, j = [], np.full((4, 1), 0.5)

    def official(labelled_video, model, rounds, rng, first):
        asked.append((labelled_video.session.video.name, model, rounds, len(first)))
        yield from (Score(round_index, j, j + 0.1, 1.0, 2.0) for round_index in (1, 2))

    monkeypatch.setattr(study, "ensure_official", lambda: asked.append("package"))
    monkeypatch.setattr(study, "run_official", official)
    other = replace(plan, names=("one",), protocol="davisinteractive")
    (one,) = drain(study.benchmark(other, [SIMPLE], ResultCache(None)))["simple"]
    assert asked == ["package", ("one", DIFFUSION_MODEL, 2, 2)]
    assert one.j == ((0.5,), (0.5,))
    assert one.f == ((0.6,), (0.6,))
