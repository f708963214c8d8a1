"""Distributed computation on a Dask cluster.

This is the only module that uses dask.distributed; the package is imported on first
use.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from napari_gnn_vos import __version__
from napari_gnn_vos.errors import (
    GnnVosError,
    SettingsError,
    combine_errors,
    with_subject,
)
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.progress import Pipeline, Progress

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)
J = TypeVar("J")
R = TypeVar("R")
LOCAL = "local"
"""Scheduler name for a cluster on this machine, one single-threaded worker per core."""
LOCAL_CLUSTER = {
    "n_workers": cores(),
    "threads_per_worker": 1,
    "env": {"OMP_NUM_THREADS": "1"},  # limits the threads of torch
    "dashboard_address": "127.0.0.1:0",  # any free port
}


def map_on_cluster(
    work: Callable[[J], R],
    jobs: Mapping[str, J],
    scheduler: str,
    on_result: Callable[[str, R], object] = lambda _name, _result: None,
) -> Pipeline[dict[str, R]]:
    """Apply a function to each job on the workers of a cluster.

    If a worker is lost, its job is run again on another worker.

    Parameters
    ----------
    work : callable
        Maps a job to its result. The function, the jobs and the results are pickled.
        It must be idempotent, as a job may run twice.
    jobs : mapping of str to job
        Jobs by the names used in progress and error messages.
    scheduler : str
        Address of a Dask scheduler, or ``"local"``.
    on_result : callable, optional
        Called in this process with the name and the result of each finished job.

    Yields
    ------
    step : Progress
        One step per finished job.

    Returns
    -------
    results : dict of str to result
        In the order of `jobs`.

    Raises
    ------
    GnnVosError
        After all jobs have finished, if `work` raised this error for a job, or if
        several workers were lost while running it. The message names the job.
    SettingsError
        If the scheduler cannot be reached, or dask.distributed is not installed.
    """
    results: dict[str, R] = {}
    failed: list[GnnVosError] = []
    if not jobs:
        return results
    as_completed = _distributed().as_completed
    with _connected(scheduler) as client, _submitted(client, work, jobs) as futures:
        yield Progress(f"on {scheduler}", 0, len(jobs))
        for future in as_completed(futures):
            name = futures[future]
            try:
                results[name] = _result(future)
            except GnnVosError as error:
                failed.append(with_subject(name, error))
            else:
                on_result(name, results[name])
            yield Progress(name, len(results) + len(failed), len(jobs))
    if failed:
        raise combine_errors(failed)
    return {name: results[name] for name in jobs}


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    arguments = LOCAL_CLUSTER if scheduler == LOCAL else {"address": scheduler}
    distributed = _distributed()
    # Dask logs each connection at INFO level unless its own level is set.
    logging.getLogger("distributed").setLevel(log.getEffectiveLevel())
    try:
        if scheduler != LOCAL:
            with ThreadPoolExecutor(1) as thread:  # this one may run an event loop
                thread.submit(asyncio.run, _try_connection(scheduler)).result()
        client = distributed.Client(**arguments)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"Expected a Dask scheduler at {scheduler!r}; the connection failed "
            f"({error}). Start one with `dask scheduler`, or use {LOCAL!r} for a "
            "cluster on this machine."
        ) from error
    with client:
        yield client


async def _try_connection(scheduler: str) -> None:
    """Connect to a scheduler and disconnect.

    A `Client` whose connection fails may deadlock the process when it is garbage
    collected while another client starts.

    Raises
    ------
    OSError, ValueError
        If the connection fails, or the address is invalid.
    """
    distributed = _distributed()
    security = distributed.Security().get_connection_args("client")
    connection = await distributed.comm.connect(scheduler, **security)
    await connection.close()


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise SettingsError(
            "The scheduler option needs the package distributed, which is not "
            "installed. Run `pip install 'napari-gnn-vos[cluster]'`, or omit the "
            "option."
        ) from error
    return distributed


@contextmanager
def _submitted(
    client: Client, work: Callable[[J], R], jobs: Mapping[str, J]
) -> Iterator[dict[Future, str]]:
    """Submit all jobs, and cancel the pending ones on exit."""
    futures = {
        client.submit(_run_on_worker, work, job, __version__, pure=False): name
        for name, job in jobs.items()
    }
    try:
        yield futures
    finally:
        client.cancel(list(futures))


def _result(future: Future) -> Any:
    distributed = _distributed()
    try:
        return future.result()
    except distributed.KilledWorker as error:
        raise GnnVosError(
            "Every worker that ran this job was lost. The job may need more memory "
            "than the workers have. Check the logs of the workers."
        ) from error
    except distributed.CancelledError as error:
        raise GnnVosError(
            "The connection to the scheduler was lost. Run the command again to "
            "continue."
        ) from error


def _run_on_worker(work: Callable[[J], R], job: J, client_version: str) -> R:
    """Run a job on a worker, after comparing package versions."""
    if client_version != __version__:
        raise SettingsError(
            "All machines must have the same version of napari-gnn-vos; a worker has "
            f"{__version__} and the client {client_version}. Install the same version "
            "on all machines."
        )
    return work(job)
