"""Network, averaged weights and optimiser during training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from napari_gnn_vos.model.backends.selection import differentiable_forward
from napari_gnn_vos.model.backends.windowed_inference import Forward
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.study.training.loss import batch_loss
from napari_gnn_vos.study.training.samples import Sample

Weights = tuple[Tensor, ...] | list[Tensor]


class _TrainedNetwork(nn.Module):
    """A network evaluated by a differentiable forward pass of a backend."""

    def __init__(self, network: GatedGCN, forward: Forward) -> None:
        super().__init__()
        self.network, self._forward = network, forward

    def forward(self, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex) -> Tensor:
        return self._forward(self.network, nodes, edges, edge_index)


class Learner:
    """Optimise a network and track the moving average of its weights.

    Parameters
    ----------
    metadata : CheckpointMetadata
        Size and input features of the network.
    dropout : float
        Share of channels dropped.
    world : int
        Number of processes that average their gradients, by
        `torch.nn.parallel.DistributedDataParallel`; a process group must exist if
        there are several.
    device : str
        Device of the network.
    decay : float
        Decay of the exponential moving average of the weights.
    """

    def __init__(
        self,
        metadata: CheckpointMetadata,
        dropout: float = 0.0,
        world: int = 1,
        device: str = "cpu",
        decay: float = 0.998,
    ) -> None:
        self._metadata = metadata
        self.network = build(metadata, dropout).to(device)
        self._average = AveragedModel(self.network, multi_avg_fn=_warm_up(decay))
        self._average.eval()
        self._adam = torch.optim.Adam(self.network.parameters())
        self._trained: nn.Module = _TrainedNetwork(
            self.network, differentiable_forward(device)
        )
        if world > 1:  # the graph is static, but some parameters have no gradient
            self._trained = DistributedDataParallel(self._trained, static_graph=True)

    @property
    def averaged(self) -> GatedGCN:
        """Network with the averaged weights, in evaluation mode."""
        return cast(GatedGCN, self._average.module)

    def start_from(self, state: dict[str, Tensor]) -> None:
        """Set the weights and their average, in place of random ones."""
        self.network.load_state_dict(state)
        self.averaged.load_state_dict(state)

    def step(self, samples: Sequence[Sample], rate: float, overlap: float) -> float:
        """Take one optimiser step at a learning rate and return the loss before it."""
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._trained.train()
        self._adam.zero_grad()
        loss = batch_loss(self._trained, self._metadata, samples, overlap)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._adam.step()
        self._average.update_parameters(self.network)
        return float(loss.detach())

    def save(self, path: Path, step: int, best: float) -> None:
        """Write the resume state; an existing file stays intact until it is complete.

        Parameters
        ----------
        path : Path
        step : int
            Steps taken.
        best : float
            Best validation J.
        """
        states = {
            "network": self.network.state_dict(),
            "mean": self.averaged.state_dict(),
            **{
                f"adam.{number}": state
                for number, state in self._adam.state_dict()["state"].items()
            },
        }
        tensors = {
            f"{part}/{name}": value.detach().cpu().contiguous()
            for part, state in states.items()
            for name, value in state.items()
        }
        averaged_steps = int(self._average.n_averaged)
        counts = {"step": step, "averaged_steps": averaged_steps, "best": best}
        metadata = {name: repr(value) for name, value in counts.items()}
        content = save(tensors, metadata=metadata)
        atomic_write(path, content)

    def load(self, path: Path) -> tuple[int, float]:
        """Read the state that `save` has written; returns its step and best J."""
        states: dict[str, dict[str, Tensor]] = {}
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            for key in file.keys():  # noqa: SIM118 - not iterable
                part, name = key.split("/")
                states.setdefault(part, {})[name] = file.get_tensor(key)
        self.network.load_state_dict(states.pop("network"))
        self.averaged.load_state_dict(states.pop("mean"))
        self._average.n_averaged.fill_(int(metadata["averaged_steps"]))
        adam = self._adam.state_dict()
        adam["state"] = {int(part[5:]): state for part, state in states.items()}
        self._adam.load_state_dict(adam)
        return int(metadata["step"]), float(metadata["best"])


def _warm_up(decay: float) -> Callable[[Weights, Weights, Tensor | int], None]:
    """Build the update of an exponential moving average with a short initial memory.

    The decay of update n, counted from 0, is min(decay, (n + 1) / (n + 10)).
    """

    def update(averaged: Weights, current: Weights, count: Tensor | int) -> None:
        warm = (int(count) + 1) / (int(count) + 10)
        average = get_ema_multi_avg_fn(min(decay, warm))  # type: ignore[no-untyped-call]
        average(averaged, current, count)

    return update
