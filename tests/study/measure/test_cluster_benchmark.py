from pathlib import Path

import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.progress import Progress, drain
from napari_gnn_vos.study.baselines import (
    WholeVideoModel,
    diffusion_baseline,
    label_model_baseline,
)
from napari_gnn_vos.study.measure import cluster_benchmark
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.cluster_benchmark import run_benchmark
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from tests.study.davis_folders import davis_folder

DIFFUSION_MODEL = WholeVideoModel(diffusion_baseline)
LABEL_MODEL = WholeVideoModel(label_model_baseline)

METHODS = [
    Method("simple", DIFFUSION_MODEL, {"name": "simple"}),
    Method("other", LABEL_MODEL, {"name": "other"}),
]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    davis_folder(tmp_path / "davis")
    monkeypatch.chdir(tmp_path)
    config = Config(refine=False)
    return BenchmarkPlan(
        Path("davis"), ("one", "two"), 1, config=config, cache=Path("cache")
    )


@pytest.fixture
def asked(monkeypatch):
    """What a cluster is asked to do; it is stopped at the sequence "two" once."""
    asked, stops = [], [KeyboardInterrupt]

    def map_on_cluster(work, jobs, scheduler, keep):
        for name, job in jobs.items():
            asked.append((scheduler, name, job))
            yield Progress(name, 0, len(jobs))
            if name == "two" and stops:
                raise stops.pop()
            keep(name, work(job))

    monkeypatch.setattr(cluster_benchmark, "map_on_cluster", map_on_cluster)
    return asked


def test_stopped_it_goes_on_with_what_was_not_played(plan, asked, tmp_path):
    result_cache = ResultCache.beside(tmp_path / "out.json")
    with pytest.raises(KeyboardInterrupt):
        drain(run_benchmark(plan, METHODS, result_cache, "there"))
    assert len(list(result_cache.folder.glob("one-*.json"))) == len(METHODS)
    asked.clear()
    found = drain(run_benchmark(plan, METHODS, result_cache, "there"))
    ((scheduler, name, task),) = asked
    assert (scheduler, name, task.plan.names) == ("there", "two", ("two",))
    assert task.plan.root == tmp_path / "davis"  # wherever a worker is
    assert task.plan.cache == tmp_path / "cache"
    here = drain(run_benchmark(plan, METHODS, ResultCache(None), None))
    assert _scores(found) == _scores(here)


def test_methods_that_were_played_are_not_played_again(plan, asked, tmp_path):
    result_cache = ResultCache.beside(tmp_path / "out.json")
    drain(run_benchmark(plan, METHODS[:1], result_cache, None))
    with pytest.raises(KeyboardInterrupt):
        drain(run_benchmark(plan, METHODS, result_cache, "there"))
    assert [[m.name for m in task.methods] for _, _, task in asked] == [["other"]] * 2


def _scores(results):
    return {
        title: [(one.sequence, one.j, one.f, one.ceiling) for one in played]
        for title, played in results.items()
    }
