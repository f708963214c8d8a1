"""Data-parallel training in local processes or under torchrun."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable

from torch import distributed
from torch.multiprocessing.spawn import spawn

from napari_gnn_vos.hardware import cores, set_torch_threads
from napari_gnn_vos.model.device import use_gpu
from napari_gnn_vos.study.training.train import train
from napari_gnn_vos.study.training.training_run import TrainingRun


def train_data_parallel(
    make: Callable[[int, int], TrainingRun], processes: int
) -> None:
    """Train in several processes that average their gradients per step.

    Parameters
    ----------
    make : callable
        From rank and world size to the training run of a process; must be picklable.
    processes : int
        Number of local processes. Under torchrun the launched processes are used
        instead, with one GPU each if available.
    """
    if distributed.is_torchelastic_launched():
        use_gpu(int(os.environ["LOCAL_RANK"]))
        _train_one_of(make, "env://")
    elif processes == 1:
        train(make(0, 1))
    else:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        args = (make, processes, f"tcp://127.0.0.1:{port}")
        spawn(_process, args, processes)  # type: ignore[no-untyped-call]


def _process(
    rank: int, make: Callable[[int, int], TrainingRun], processes: int, address: str
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    set_torch_threads(max(1, cores() // processes))
    _train_one_of(make, address, rank, processes)


def _train_one_of(
    make: Callable[[int, int], TrainingRun],
    address: str,
    rank: int = -1,
    world: int = -1,
) -> None:
    """Train as one member of a process group."""
    distributed.init_process_group(
        "gloo", init_method=address, rank=rank, world_size=world
    )
    try:
        train(make(distributed.get_rank(), distributed.get_world_size()))
    finally:
        distributed.destroy_process_group()
