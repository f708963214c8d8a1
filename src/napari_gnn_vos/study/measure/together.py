"""The benchmark here, or on a cluster with a sequence a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_gnn_vos.cluster import map_on_cluster
from napari_gnn_vos.progress import Pipeline, Progress, drain, nested_progress
from napari_gnn_vos.study.measure.benchmark import benchmark, look
from napari_gnn_vos.study.measure.methods import Method
from napari_gnn_vos.study.measure.plan import Plan
from napari_gnn_vos.study.measure.sequence_result import ResultCache, SequenceResult

Games = dict[str, list[SequenceResult]]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What a worker is asked to play.

    Parameters
    ----------
    plan : Plan
        Of one sequence.
    methods : tuple of Method
    """

    plan: Plan
    methods: tuple[Method, ...]


def benchmark_together(
    plan: Plan, methods: Sequence[Method], kept: ResultCache, scheduler: str | None
) -> Pipeline[Games]:
    """Let methods play sequences, as `benchmark` does.

    Parameters
    ----------
    plan : Plan
        On a cluster its folders are the same on all machines.
    methods : sequence of Method
        On a cluster with models that can be pickled, which compute on the CPU.
    kept : ResultCache
        What was played before is taken from here, what is played is put here.
    scheduler : str or None
        See `cluster.map_on_cluster`; None plays here.

    Yields
    ------
    step : Progress

    Returns
    -------
    played : dict of str to list of SequenceResult
        By a method's name, the sequences in the order of the plan.

    Raises
    ------
    GnnVosError
        As `benchmark` and `map_on_cluster` do.
    """
    if scheduler is None:
        return (yield from benchmark(plan, methods, kept))
    yield from nested_progress(
        look(plan), Progress("look at masks", 0, len(plan.names))
    )
    table = _Table(plan, methods, kept)
    yield from map_on_cluster(play, table.tasks(), scheduler, table.put)
    return table.games()


def play(task: Task) -> Games:
    """Play a sequence on a worker."""
    return drain(benchmark(task.plan, task.methods, ResultCache(None)))


class _Table:
    """What has been played, by method and sequence."""

    def __init__(
        self, plan: Plan, methods: Sequence[Method], kept: ResultCache
    ) -> None:
        self._plan, self._methods, self._kept = plan, methods, kept
        self._keys = {
            (method.name, name): plan.key(method, name)
            for name in plan.names
            for method in methods
        }
        self._found = {at: kept.get(at[1], key) for at, key in self._keys.items()}

    def tasks(self) -> dict[str, Task]:
        """List what is not played yet, by sequence."""
        return {
            name: Task(_absolute(self._plan, name), methods)
            for name in self._plan.names
            if (methods := self._missing(name))
        }

    def put(self, name: str, games: Games) -> None:
        """Keep what was played on a sequence."""
        for title, (played,) in games.items():
            self._found[title, name] = played
            self._kept.put(played, self._keys[title, name])

    def games(self) -> Games:
        """Everything, as `benchmark` returns it."""
        names, found = self._plan.names, self._found
        return {
            m.name: [played for name in names if (played := found[m.name, name])]
            for m in self._methods
        }

    def _missing(self, name: str) -> tuple[Method, ...]:
        methods = self._methods
        return tuple(m for m in methods if self._found[m.name, name] is None)


def _absolute(plan: Plan, name: str) -> Plan:
    """Narrow a plan to a sequence; workers may have another working directory."""
    places = {
        part: path.absolute()
        for part in ("root", "scribbles", "cache")
        if (path := getattr(plan, part)) is not None
    }
    return replace(plan, names=(name,), **places)
