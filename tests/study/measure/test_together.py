from pathlib import Path

import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.progress import Progress, drain
from napari_gnn_vos.study.baselines import (
    WholeVideoModel,
    diffusion_alone,
    label_model_alone,
)
from napari_gnn_vos.study.measure import together
from napari_gnn_vos.study.measure.methods import Method
from napari_gnn_vos.study.measure.plan import Plan
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from napari_gnn_vos.study.measure.together import benchmark_together
from tests.study.folders import davis_folder

DIFFUSED = WholeVideoModel(diffusion_alone)
BY_LOOK = WholeVideoModel(label_model_alone)

METHODS = [
    Method("simple", DIFFUSED, {"name": "simple"}),
    Method("other", BY_LOOK, {"name": "other"}),
]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    davis_folder(tmp_path / "davis")
    monkeypatch.chdir(tmp_path)
    config = Config(refine=False)
    return Plan(Path("davis"), ("one", "two"), 1, config=config, cache=Path("cache"))


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

    monkeypatch.setattr(together, "map_on_cluster", map_on_cluster)
    return asked


def test_stopped_it_goes_on_with_what_was_not_played(plan, asked, tmp_path):
    kept = ResultCache.beside(tmp_path / "out.json")
    with pytest.raises(KeyboardInterrupt):
        drain(benchmark_together(plan, METHODS, kept, "there"))
    assert len(list(kept.folder.glob("one-*.json"))) == len(METHODS)
    asked.clear()
    found = drain(benchmark_together(plan, METHODS, kept, "there"))
    ((scheduler, name, task),) = asked
    assert (scheduler, name, task.plan.names) == ("there", "two", ("two",))
    assert task.plan.root == tmp_path / "davis"  # wherever a worker is
    assert task.plan.cache == tmp_path / "cache"
    here = drain(benchmark_together(plan, METHODS, ResultCache(None), None))
    assert _scores(found) == _scores(here)


def test_methods_that_were_played_are_not_played_again(plan, asked, tmp_path):
    kept = ResultCache.beside(tmp_path / "out.json")
    drain(benchmark_together(plan, METHODS[:1], kept, None))
    with pytest.raises(KeyboardInterrupt):
        drain(benchmark_together(plan, METHODS, kept, "there"))
    assert [[m.name for m in task.methods] for _, _, task in asked] == [["other"]] * 2


def _scores(games):
    return {
        title: [(one.sequence, one.j, one.f, one.ceiling) for one in played]
        for title, played in games.items()
    }
