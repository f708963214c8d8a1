"""Rollout workers: processes that simulate annotation sessions for training.

A GPU takes an optimiser step in less time than a CPU core takes for an annotation
round, so several workers supply one learner. The order of samples depends on
scheduling: trainings with equal seeds are reproducible without workers only.
"""

from __future__ import annotations

import queue
import traceback
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing import get_context
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.study.training.samples import Sample, SessionPool
from napari_gnn_vos.study.training.training_run import RolloutConfig, TrainSettings
from napari_gnn_vos.study.training.worker_process import initialize_worker, pin_to_core

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    SampleQueue = Queue[Sample | str]

WORKER_TIMEOUT = 5.0
"""Seconds without a sample after which the workers are checked for being alive."""


class RolloutWorkers:
    """Processes that run annotation sessions and cut training samples from them.

    Parameters
    ----------
    rollout : RolloutConfig
    settings : TrainSettings
    model : Predictor
        Workers predict with its weights as of the start of each round.
    seed : tuple of int
    """

    def __init__(
        self,
        rollout: RolloutConfig,
        settings: TrainSettings,
        model: Predictor,
        seed: tuple[int, ...],
    ) -> None:
        spawn = get_context("spawn")
        self._network, self._batch = model.network, settings.batch
        self._weights: Tensor = self._current_weights().share_memory_()  # type: ignore[no-untyped-call]
        self._queue: SampleQueue = spawn.Queue(2 * max(rollout.workers, settings.batch))
        self._processes = [
            spawn.Process(
                target=_run_worker,
                args=(
                    rollout,
                    settings,
                    model.metadata,
                    self._weights,
                    self._queue,
                    (*seed, k),
                ),
                daemon=True,
            )
            for k in range(rollout.workers)
        ]

    def __enter__(self) -> RolloutWorkers:
        """Start the worker processes."""
        for process in self._processes:
            process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Terminate the worker processes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def batch(self) -> list[Sample]:
        """Publish the current weights to the workers and collect the next samples.

        Raises
        ------
        GnnVosError
            If a worker process has ended.
        RuntimeError
            If a worker has failed; contains its traceback.
        """
        self._weights.copy_(self._current_weights())
        return [self._next_sample() for _ in range(self._batch)]

    def _current_weights(self) -> Tensor:
        return parameters_to_vector(self._network.parameters()).detach().cpu()

    def _next_sample(self) -> Sample:
        while True:
            try:
                item = self._queue.get(timeout=WORKER_TIMEOUT)
            except queue.Empty:
                if not all(process.is_alive() for process in self._processes):
                    raise GnnVosError(
                        "A rollout worker of this training has ended, possibly for "
                        "lack of memory. Run the same command with fewer --workers to "
                        "resume."
                    ) from None
                continue
            if isinstance(item, Sample):
                return item
            raise RuntimeError(f"A rollout worker has failed:\n{item}")


def _run_worker(
    rollout: RolloutConfig,
    settings: TrainSettings,
    metadata: CheckpointMetadata,
    weights: Tensor,
    samples: SampleQueue,
    seed: tuple[int, ...],
) -> None:
    """Advance sessions and queue samples until the process is terminated."""
    initialize_worker()
    pin_to_core(-1 - seed[-1])  # the first cores are left to the learner
    try:
        network = build(metadata).eval()
        model = Predictor(network, metadata)
        videos = rollout.open_videos()
        rng = np.random.default_rng(seed)
        pool = SessionPool(videos, settings.rounds, settings.pool, rng)
        while True:
            with torch.no_grad():
                vector_to_parameters(weights, network.parameters())
            pool.advance(model)
            for _ in range(settings.samples_per_round):
                samples.put(pool.sample(settings.frames))
    except Exception:  # noqa: BLE001 - any failure is reported to the learner
        samples.put(traceback.format_exc())
