"""Work spread over the processes and machines of a Dask cluster.

The only place that knows of Dask's scheduler, which is loaded when it is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from napari_gnn_vos import __version__
from napari_gnn_vos.errors import GnnVosError, SettingsError, named, together
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.progress import Pipeline, Progress

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)
J = TypeVar("J")
R = TypeVar("R")
LOCAL = "local"
"""Stands for a cluster on this machine: one process a core, one thread each."""
HERE = {
    "n_workers": cores(),
    "threads_per_worker": 1,
    "env": {"OMP_NUM_THREADS": "1"},  # for what torch would start
    "dashboard_address": "127.0.0.1:0",  # any free port
}


def spread(
    work: Callable[[J], R],
    jobs: Mapping[str, J],
    scheduler: str,
    keep: Callable[[str, R], object] = lambda _name, _result: None,
) -> Pipeline[dict[str, R]]:
    """Do some work on every job, each on any worker of a cluster.

    The job of a worker that is lost is done again by another.

    Parameters
    ----------
    work : callable
        From a job to its result; all three are pickled. Done twice, it must do the
        same.
    jobs : mapping of str to job
        By what people call them.
    scheduler : str
        Address of a Dask scheduler, or ``"local"``.
    keep : callable, optional
        Called here with a name and a result as soon as that is there.

    Yields
    ------
    step : Progress
        One a job that is finished.

    Returns
    -------
    results : dict of str to result
        In the order of the jobs.

    Raises
    ------
    GnnVosError
        If work raised one, or workers were lost at one job again and again; after all
        other jobs are done, and with the name of the job.
    SettingsError
        If there is no such scheduler, or the package for it is not installed.
    """
    found: dict[str, R] = {}
    failed: list[GnnVosError] = []
    if not jobs:
        return found
    as_completed = _distributed().as_completed
    with _connected(scheduler) as client, _sent(client, work, jobs) as futures:
        yield Progress(f"on {scheduler}", 0, len(jobs))
        for future in as_completed(futures):
            name = futures[future]
            try:
                found[name] = _result(future)
            except GnnVosError as error:
                failed.append(named(name, error))
            else:
                keep(name, found[name])
            yield Progress(name, len(found) + len(failed), len(jobs))
    if failed:
        raise together(failed)
    return {name: found[name] for name in jobs}


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    where = HERE if scheduler == LOCAL else {"address": scheduler}
    connect = _distributed().Client
    # Where logging is set up, Dask would tell every connection that comes and goes.
    logging.getLogger("distributed").setLevel(log.getEffectiveLevel())
    try:
        client = connect(**where)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"Expected a Dask scheduler at {scheduler!r}; there is none ({error}). "
            f"Start one with `dask scheduler`, or say {LOCAL!r} for this machine."
        ) from error
    with client:
        yield client


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise SettingsError(
            "A cluster needs the package distributed, which is not installed. Run "
            "`pip install 'napari-gnn-vos[cluster]'`, or leave the scheduler out."
        ) from error
    return distributed


@contextmanager
def _sent(
    client: Client, work: Callable[[J], R], jobs: Mapping[str, J]
) -> Iterator[dict[Future, str]]:
    """Send all jobs; what is still waiting at the end is cancelled."""
    futures = {
        client.submit(_done, work, job, __version__, pure=False): name
        for name, job in jobs.items()
    }
    try:
        yield futures
    finally:
        client.cancel(list(futures))


def _result(future: Future) -> Any:
    lost = _distributed()
    try:
        return future.result()
    except lost.KilledWorker as error:
        raise GnnVosError(
            "Every worker that worked on it was lost, one after the other. Perhaps it "
            "needs more memory than they have: their logs tell."
        ) from error
    except lost.CancelledError as error:
        raise GnnVosError("The scheduler was lost. Run the same again.") from error


def _done(work: Callable[[J], R], job: J, theirs: str) -> R:
    """Do a job on a worker."""
    if theirs != __version__:
        raise SettingsError(
            f"All machines need the same napari-gnn-vos; a worker has {__version__} "
            f"and the command {theirs}. Install the same on all."
        )
    return work(job)
