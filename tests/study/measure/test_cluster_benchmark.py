from pathlib import Path

import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.progress import Progress, drain
from napari_gnn_vos.study.baselines import (
    WholeVideoModel,
    harmonic_baseline,
    label_model_baseline,
)
from napari_gnn_vos.study.measure import cluster_benchmark
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.cluster_benchmark import run_benchmark
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from tests.study.davis_folders import davis_folder

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)
LABEL_MODEL = WholeVideoModel(label_model_baseline)

METHODS = [
    Method("simple", DIFFUSION_MODEL, {"name": "simple"}),
    Method("other", LABEL_MODEL, {"name": "other"}),
]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    davis_folder(tmp_path / "davis")
    monkeypatch.chdir(tmp_path)
    config = Config(refine="none")
    return BenchmarkPlan(
        Path("davis"), ("one", "two"), 1, config=config, cache=Path("cache")
    )


@pytest.fixture
def submitted(monkeypatch):
    """Record submitted tasks; sequence "two" is interrupted once."""
    submitted, interrupts = [], [KeyboardInterrupt]

    def map_on_cluster(work, jobs, scheduler, store):
        for name, job in jobs.items():
            submitted.append((scheduler, name, job))
            yield Progress(name, 0, len(jobs))
            if name == "two" and interrupts:
                raise interrupts.pop()
            store(name, work(job))

    monkeypatch.setattr(cluster_benchmark, "map_on_cluster", map_on_cluster)
    return submitted


def test_interrupted_benchmark_resumes_with_missing_results(plan, submitted, tmp_path):
    result_cache = ResultCache.beside(tmp_path / "out.json")
    with pytest.raises(KeyboardInterrupt):
        drain(run_benchmark(plan, METHODS, result_cache, "scheduler"))
    assert len(list(result_cache.folder.glob("one-*.json"))) == len(METHODS)
    submitted.clear()
    results = drain(run_benchmark(plan, METHODS, result_cache, "scheduler"))
    ((scheduler, name, task),) = submitted
    assert (scheduler, name, task.plan.names) == ("scheduler", "two", ("two",))
    assert (
        task.plan.root == tmp_path / "davis"
    )  # absolute, for workers in other folders
    assert task.plan.cache == tmp_path / "cache"
    local = drain(run_benchmark(plan, METHODS, ResultCache(None), None))
    assert _scores(results) == _scores(local)


def test_cached_methods_are_not_submitted(plan, submitted, tmp_path):
    result_cache = ResultCache.beside(tmp_path / "out.json")
    drain(run_benchmark(plan, METHODS[:1], result_cache, None))
    with pytest.raises(KeyboardInterrupt):
        drain(run_benchmark(plan, METHODS, result_cache, "scheduler"))
    assert [[m.name for m in task.methods] for _, _, task in submitted] == [
        ["other"]
    ] * 2


def _scores(results):
    return {
        title: [(r.sequence, r.j, r.f, r.ceiling) for r in of_method]
        for title, of_method in results.items()
    }
