"""Network, averaged weights and optimiser during training."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import distributed

from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build
from napari_gnn_vos.study.training.loss import batch_loss
from napari_gnn_vos.study.training.samples import Sample


class Learner:
    """Optimise a network and track the moving average of its weights.

    Parameters
    ----------
    metadata : CheckpointMetadata
        Size and input features of the network.
    dropout : float
        Share of channels dropped.
    world : int
        Number of processes that average their gradients.
    device : str
        Device of the network.
    """

    def __init__(
        self,
        metadata: CheckpointMetadata,
        dropout: float = 0.0,
        world: int = 1,
        device: str = "cpu",
    ) -> None:
        self._metadata = metadata
        network = build(metadata, dropout).to(device)
        self.network = network
        self.mean = copy.deepcopy(network).eval()
        self._adam = torch.optim.Adam(network.parameters())
        self._world = world

    def step(self, samples: Sequence[Sample], rate: float, overlap: float) -> float:
        """Take one optimiser step at a learning rate and return the loss before it."""
        for group in self._adam.param_groups:
            group["lr"] = rate
        self.network.train()
        self._adam.zero_grad()
        loss = batch_loss(self.network, self._metadata, samples, overlap)
        loss.backward()  # type: ignore[no-untyped-call]
        if self._world > 1:
            self._share_gradients()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._adam.step()
        return float(loss.detach())

    def _share_gradients(self) -> None:
        """Give every process the mean of all gradients; one that is missing is zero."""
        weights = list(self.network.parameters())
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in weights]
        flat = torch.cat([grad.ravel() for grad in grads]).cpu()
        distributed.all_reduce(flat)
        flat = (flat / self._world).to(weights[0].device)
        parts = torch.split(flat, [p.numel() for p in weights])
        for p, part in zip(weights, parts, strict=True):
            p.grad = part.view_as(p)

    @torch.no_grad()
    def update_average(self, write_checkpoints: float) -> None:
        """Move the running mean, of which the share `write_checkpoints` stays."""
        moving = zip(self.mean.parameters(), self.network.parameters(), strict=True)
        for m, p in moving:
            m.lerp_(p, 1 - write_checkpoints)

    def save(self, path: Path, step: int, best: float) -> None:
        """Write all that going on needs; a file there before stays until it is done."""
        part = path.with_suffix(".part")
        state = {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "adam": self._adam.state_dict(),
            "step": step,
            "best": best,
        }
        torch.save(state, part)
        part.replace(path)

    def load(self, path: Path) -> tuple[int, float]:
        """Read what `save` has written; returns its step and best J."""
        state = torch.load(path, weights_only=True, map_location="cpu")
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self._adam.load_state_dict(state["adam"])
        return int(state["step"]), float(state["best"])
