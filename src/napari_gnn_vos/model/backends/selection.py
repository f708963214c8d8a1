"""The `Backend` protocol, the registry of backends, and their selection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends.chunked_layers import chunked_logits
from napari_gnn_vos.model.backends.compiled import backend as compiled
from napari_gnn_vos.model.backends.triton_availability import triton_unavailable
from napari_gnn_vos.model.backends.windowed_inference import Forward, windowed_backend
from napari_gnn_vos.model.checkpoint import CheckpointMetadata
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
log = logging.getLogger(__name__)


class Backend(Protocol):
    """Inference of a network on the graph of a video."""

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Compute probabilities, as `Predictor.__call__` does."""
        ...


class BackendSpec(NamedTuple):
    """Entry of the registry.

    Parameters
    ----------
    needs : str
        Requirements of the backend, for messages.
    unavailable : callable
        From a device to the reason why the backend cannot be used there, or to None.
    build : callable
        From a network in evaluation mode, its metadata and the device to a `Backend`.
    streams : bool
        Whether it computes frames one by one, in ascending or descending order.
    """

    needs: str
    unavailable: Callable[[str], str | None]
    build: Callable[[GatedGCN, CheckpointMetadata, str], Backend]
    streams: bool = False


def _compiled_unavailable(device: str) -> str | None:
    if device != "cpu":
        return f"the device is {device!r}"
    reason = compiled.inference_unavailable()
    return reason and f"compiled kernels unavailable: {reason}"


def _dgl_unavailable(_device: str) -> str | None:
    return None if find_spec("dgl") else "dgl is not installed; see docs/how-to/dgl.md"


def _build_compiled(
    network: GatedGCN, metadata: CheckpointMetadata, _device: str
) -> Backend:
    return compiled.CompiledBackend(network, metadata)


def _build_torch(
    network: GatedGCN, metadata: CheckpointMetadata, device: str
) -> Backend:
    forward = chunked_logits if device == "cpu" else GatedGCN.__call__
    return windowed_backend(network, metadata, device, forward)


def _build_triton(
    network: GatedGCN, metadata: CheckpointMetadata, device: str, half: bool
) -> Backend:
    from napari_gnn_vos.model.backends.triton_layers import triton_logits

    edge_dtype = torch.float16 if half else torch.float32
    forward = partial(triton_logits, edge_dtype=edge_dtype)
    return windowed_backend(network, metadata, device, forward)


def _build_dgl(network: GatedGCN, metadata: CheckpointMetadata, device: str) -> Backend:
    from napari_gnn_vos.model.backends.dgl_layers import dgl_logits

    return windowed_backend(network, metadata, device, dgl_logits)


REGISTRY = {
    "fused": BackendSpec(
        "a CPU, numba and llvmlite",
        _compiled_unavailable,
        _build_compiled,
        streams=True,
    ),
    "torch": BackendSpec("PyTorch", lambda _device: None, _build_torch),
    "triton": BackendSpec(
        "a CUDA GPU and Triton", triton_unavailable, partial(_build_triton, half=False)
    ),
    "half": BackendSpec(
        "a CUDA GPU and Triton", triton_unavailable, partial(_build_triton, half=True)
    ),
    "dgl": BackendSpec("DGL", _dgl_unavailable, _build_dgl),
}
"""Backends by name."""
BACKENDS = ("auto", *REGISTRY)
FASTEST = {"cpu": "fused", "cuda": "triton", "mps": "torch"}
"""Backend that "auto" prefers, by device; "torch" works everywhere."""


class Selection(NamedTuple):
    """Name of the selected backend, and why "auto" did not select the fastest one."""

    name: str
    fallback_reason: str | None = None


def select_backend(name: str, device: str) -> Selection:
    """Select a backend for a device.

    Parameters
    ----------
    name : str
        A name of the registry, or "auto": the fastest backend of the device if it is
        available, else "torch" with a warning in the log.
    device : {"cpu", "cuda", "mps"}

    Returns
    -------
    selection : Selection

    Raises
    ------
    SettingsError
        If the name is not known, or the backend is not available on the device.
    """
    if name == "auto":
        return _select_fastest(device)
    if name not in REGISTRY:
        raise SettingsError(f"The backend must be one of {BACKENDS}, not {name!r}.")
    reason = REGISTRY[name].unavailable(device)
    if reason:
        raise SettingsError(
            f"The backend {name!r} needs {REGISTRY[name].needs}, but {reason}. "
            "Choose the backend 'torch'; its predictions are the same."
        )
    return Selection(name)


@cache
def _select_fastest(device: str) -> Selection:
    """Select once per process, so that a warning appears once."""
    name = FASTEST[device]
    reason = REGISTRY[name].unavailable(device)
    if reason is None:
        return Selection(name)
    log.warning("The network is computed by PyTorch: %s", reason)
    return Selection("torch", reason)


def differentiable_forward(device: str) -> Forward:
    """Select the forward pass for training: differentiable, for one label.

    Parameters
    ----------
    device : {"cpu", "cuda", "mps"}

    Returns
    -------
    forward : callable
        From a network, (N, node_columns) and (E, edge_columns) inputs and an edge
        index to (N,) logits. On a CPU by compiled kernels where they are available,
        otherwise by the reference.
    """
    if device != "cpu":
        return GatedGCN.__call__
    reason = compiled.training_unavailable()
    if reason:
        log.warning("Training computes by PyTorch: %s", reason)
        return GatedGCN.__call__
    from napari_gnn_vos.model.backends.compiled.autograd import differentiable_logits

    return differentiable_logits
