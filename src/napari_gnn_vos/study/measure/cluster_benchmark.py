"""Run the benchmark locally, or on a cluster with one task per sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_gnn_vos.cluster import map_on_cluster
from napari_gnn_vos.progress import Pipeline, Progress, drain, nested_progress
from napari_gnn_vos.study.measure.benchmark import benchmark, check_inputs
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.sequence_result import ResultCache, SequenceResult

Results = dict[str, list[SequenceResult]]


@dataclass(frozen=True, slots=True, eq=False)
class SequenceTask:
    """One sequence and the methods to run on it.

    Parameters
    ----------
    plan : BenchmarkPlan
        Of one sequence.
    methods : tuple of Method
    """

    plan: BenchmarkPlan
    methods: tuple[Method, ...]


def run_benchmark(
    plan: BenchmarkPlan,
    methods: Sequence[Method],
    result_cache: ResultCache,
    scheduler: str | None,
) -> Pipeline[Results]:
    """Run a benchmark locally or on a cluster.

    Parameters
    ----------
    plan : BenchmarkPlan
        On a cluster, its folders must be accessible to all workers.
    methods : sequence of Method
        On a cluster, models must be picklable and run on the CPU.
    result_cache : ResultCache
        Finished results are read from here and new ones stored here.
    scheduler : str or None
        See `cluster.map_on_cluster`; None runs locally.

    Yields
    ------
    step : Progress

    Returns
    -------
    results : dict of str to list of SequenceResult
        Results by method name, in the order of the plan's sequences.

    Raises
    ------
    GnnVosError
        As `benchmark` and `map_on_cluster` do.
    """
    if scheduler is None:
        return (yield from benchmark(plan, methods, result_cache))
    yield from nested_progress(
        check_inputs(plan), Progress("check masks", 0, len(plan.names))
    )
    table = _ClusterResults(plan, methods, result_cache)
    yield from map_on_cluster(run_task, table.tasks(), scheduler, table.put)
    return table.results()


def run_task(task: SequenceTask) -> Results:
    """Run the methods of a task on a worker."""
    return drain(benchmark(task.plan, task.methods, ResultCache(None)))


class _ClusterResults:
    """Results collected from workers, by method and sequence."""

    def __init__(
        self, plan: BenchmarkPlan, methods: Sequence[Method], result_cache: ResultCache
    ) -> None:
        self._plan, self._methods, self._result_cache = plan, methods, result_cache
        self._keys = {
            (method.name, name): plan.key(method, name)
            for name in plan.names
            for method in methods
        }
        self._by_method = {
            at: result_cache.get(at[1], key) for at, key in self._keys.items()
        }

    def tasks(self) -> dict[str, SequenceTask]:
        """List the tasks whose results are not cached, by sequence."""
        return {
            name: SequenceTask(_absolute_paths(self._plan, name), methods)
            for name in self._plan.names
            if (methods := self._missing(name))
        }

    def put(self, name: str, results: Results) -> None:
        """Store the results of a sequence."""
        for title, (result,) in results.items():
            self._by_method[title, name] = result
            self._result_cache.put(result, self._keys[title, name])

    def results(self) -> Results:
        """Return all results in the format of `benchmark`."""
        names, by_method = self._plan.names, self._by_method
        return {
            m.name: [result for name in names if (result := by_method[m.name, name])]
            for m in self._methods
        }

    def _missing(self, name: str) -> tuple[Method, ...]:
        methods = self._methods
        return tuple(m for m in methods if self._by_method[m.name, name] is None)


def _absolute_paths(plan: BenchmarkPlan, name: str) -> BenchmarkPlan:
    """Restrict a plan to one sequence and make its paths absolute for workers."""
    paths = {
        part: path.absolute()
        for part in ("root", "scribbles", "cache")
        if (path := getattr(plan, part)) is not None
    }
    return replace(plan, names=(name,), **paths)
