"""Sessions played by processes of their own, beside the one that learns.

A GPU takes a step in less time than a core takes to play a round, so several cores play
for it. What they cut depends on who was when how far: two trainings with one seed
differ, as they do not where one process does all.
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
from napari_gnn_vos.study.training.one_core import begin_on_one_core, keep_to_core
from napari_gnn_vos.study.training.samples import Pool, Sample
from napari_gnn_vos.study.training.training_run import RolloutConfig, TrainSettings

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    Cut = Queue[Sample | str]

PATIENCE = 5.0
"""Seconds until players that give nothing are looked after."""


class RolloutWorkers:
    """Processes that play, each its own sessions, and cut samples out of them.

    Parameters
    ----------
    cast : RolloutConfig
    settings : TrainSettings
    model : Predictor
        Its weights are what players answer with, as they are when a round begins.
    seed : tuple of int
    """

    def __init__(
        self,
        cast: RolloutConfig,
        settings: TrainSettings,
        model: Predictor,
        seed: tuple[int, ...],
    ) -> None:
        spawn = get_context("spawn")
        self._network, self._batch = model.network, settings.batch
        self._weights: Tensor = self._now().share_memory_()  # type: ignore[no-untyped-call]
        self._cut: Cut = spawn.Queue(2 * max(cast.players, settings.batch))
        self._processes = [
            spawn.Process(
                target=_play,
                args=(
                    *(cast, settings, model.metadata),
                    *(self._weights, self._cut, (*seed, k)),
                ),
                daemon=True,
            )
            for k in range(cast.players)
        ]

    def __enter__(self) -> RolloutWorkers:
        """Begin to play."""
        for process in self._processes:
            process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Stop playing."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def batch(self) -> list[Sample]:
        """Tell players the weights of now, and take the next samples from them.

        Raises
        ------
        GnnVosError
            If the process of a player is gone.
        RuntimeError
            If a player has failed; with its traceback.
        """
        self._weights.copy_(self._now())
        return [self._next() for _ in range(self._batch)]

    def _now(self) -> Tensor:
        return parameters_to_vector(self._network.parameters()).detach().cpu()

    def _next(self) -> Sample:
        while True:
            try:
                cut = self._cut.get(timeout=PATIENCE)
            except queue.Empty:
                if not all(process.is_alive() for process in self._processes):
                    raise GnnVosError(
                        "A process that plays for this training has ended; there may "
                        "be too little memory for so many. Run the same command with "
                        "fewer --players; it goes on where it stopped."
                    ) from None
                continue
            if isinstance(cut, Sample):
                return cut
            raise RuntimeError(f"A player has failed:\n{cut}")


def _play(
    cast: RolloutConfig,
    settings: TrainSettings,
    card: CheckpointMetadata,
    weights: Tensor,
    cut: Cut,
    seed: tuple[int, ...],
) -> None:
    """Play, and cut samples, until the process is ended."""
    begin_on_one_core()
    keep_to_core(-1 - seed[-1])  # the first cores are left to the one that learns
    try:
        network = build(card).eval()
        model = Predictor(network, card)
        footage = cast.footage()
        rng = np.random.default_rng(seed)
        pool = Pool(footage, settings.rounds, settings.pool, rng)
        while True:
            with torch.no_grad():
                vector_to_parameters(weights, network.parameters())
            pool.advance(model)
            for _ in range(settings.samples_a_round):
                cut.put(pool.sample(settings.frames))
    except Exception:  # noqa: BLE001 - whatever it is, the one that learns must know
        cut.put(traceback.format_exc())
