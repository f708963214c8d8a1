"""AdamW with a one-cycle learning rate schedule and gradient clipping."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MAX_GRADIENT_NORM = 1.0


class OneCycleOptimizer:
    """Optimiser of the boundary decoder and of the feature projection.

    Parameters
    ----------
    network : torch.nn.Module
    rate : float
        Largest learning rate of the schedule.
    steps : int
        Number of steps.
    weight_decay : float
        Decoupled weight decay of AdamW.
    """

    def __init__(
        self, network: nn.Module, rate: float, steps: int, weight_decay: float
    ) -> None:
        self._network = network
        self._adam = torch.optim.AdamW(
            network.parameters(), rate, weight_decay=weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._adam, rate, total_steps=steps
        )

    def step(self, loss: Tensor) -> None:
        """Take a step along the clipped gradient of a loss."""
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), MAX_GRADIENT_NORM)
        self._adam.step()
        self._schedule.step()
