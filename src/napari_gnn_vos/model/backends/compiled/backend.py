"""The backend of compiled CPU kernels, and its check against the reference.

Numba and llvmlite are imported by functions only, so that a missing or incompatible
version is found by the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_gnn_vos.model.checkpoint import CheckpointMetadata, assemble_inputs
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from napari_gnn_vos.structures.feature_table import FeatureTable
from napari_gnn_vos.structures.incoming_edges import IncomingEdges, window_edge_index
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
TOLERANCE = 1e-4
"""Largest accepted difference from the reference, of logits and relative gradients."""
FRAMES, NODES, EDGES, LABELS = 3, 10, 100, 2
"""Size of the test graph: nodes and incoming edges per frame."""


class CompiledBackend:
    """Streaming inference with compiled CPU kernels.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode, on the CPU.
    metadata : CheckpointMetadata
        Names of its input columns.
    """

    def __init__(self, network: GatedGCN, metadata: CheckpointMetadata) -> None:
        self._network, self._metadata = network, metadata

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Compute probabilities; see `selection.Backend`."""
        from napari_gnn_vos.model.backends.compiled.streaming import (
            FrameInput,
            StreamingForward,
        )

        def frame_input(t: int) -> FrameInput:
            frame, incoming = graph.frames[t], graph.incoming[t]
            nodes = FeatureTable(frame.node_features, graph.node_feature_names)
            edges = FeatureTable(incoming.edge_features, graph.edge_feature_names)
            tables = assemble_inputs(self._metadata, nodes, edges, node_inputs(t))
            return FrameInput(*tables, incoming)

        # weights are copied anew for each call: training may have changed them
        for logits in StreamingForward(self._network)(
            frame_input, graph.counts, frames
        ):
            yield torch.sigmoid(torch.from_numpy(logits)).numpy()


def inference_unavailable() -> str | None:
    """Return why the inference kernels cannot be used, or None if they can.

    Compiles the kernels and compares them with the reference on a small random graph.
    The check runs once per process.
    """
    with _LOCK:
        return _failure_of(_inference_difference)


def training_unavailable() -> str | None:
    """Return why the differentiable kernels cannot be used, or None if they can.

    Compares logits and gradients with the reference, once per process.
    """
    with _LOCK:
        return _failure_of(_training_difference)


_LOCK = Lock()


@cache
def _failure_of(difference: Callable[[], float]) -> str | None:
    """Return why a check fails, given its difference from the reference, or None."""
    missing = [name for name in ("numba", "llvmlite") if find_spec(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    try:
        value = difference()
    except Exception as error:  # noqa: BLE001 - whatever it is, PyTorch can be used
        lines = str(error).splitlines() or [""]
        return f"{type(error).__name__}: {lines[0]}"
    if not value <= TOLERANCE:
        return f"they differ from the reference by {value:.1e}"
    return None


def _inference_difference() -> float:
    """Compute the largest difference of logits from the reference."""
    from napari_gnn_vos.model.backends.compiled.streaming import (
        FrameInput,
        StreamingForward,
    )

    network, nodes, incoming = _test_case()
    inputs = [
        FrameInput(frame_nodes, edges.edge_features, edges)
        for frame_nodes, edges in zip(nodes, incoming, strict=True)
    ]
    forward, counts = StreamingForward(network), np.full(FRAMES, NODES)
    logits = list(forward(inputs.__getitem__, counts, range(FRAMES)))
    with torch.inference_mode():
        all_nodes = torch.from_numpy(np.concatenate(nodes, axis=1)).transpose(0, 1)
        expected = network(all_nodes, *_edges_of(incoming)).T.numpy()
    return float(np.abs(np.concatenate(logits, axis=1) - expected).max())


def _training_difference() -> float:
    """Compute the largest difference of gradients, relative to each array's largest."""
    from napari_gnn_vos.model.backends.compiled.autograd import differentiable_logits

    network, nodes, incoming = _test_case()
    all_nodes = torch.from_numpy(np.concatenate(nodes, axis=1)[0])
    edges, index = _edges_of(incoming)

    def gradients(logits: Tensor) -> list[Tensor]:
        weights, loss = list(network.parameters()), logits.square().sum()
        return [
            logits.detach(),
            *torch.autograd.grad(loss, weights, materialize_grads=True),
        ]

    compiled = gradients(differentiable_logits(network, all_nodes, edges, index))
    expected = gradients(network(all_nodes, edges, index))
    return max(
        float((value - reference).abs().max() / reference.abs().max().clamp(min=1))
        for value, reference in zip(compiled, expected, strict=True)
    )


def _test_case() -> tuple[GatedGCN, list[F32], list[IncomingEdges]]:
    """Make a network, node inputs (K, n, 3) and incoming edges of a few frames.

    PyTorch's global random state, on which trainings depend, is left alone.
    """
    with torch.device("meta"):
        network = GatedGCN(3, 2, width=20, depth=2)
    network.to_empty(device="cpu").eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.normal_(std=0.3, generator=generator)
    rng = np.random.default_rng(0)
    nodes = [rng.random((LABELS, NODES, 3), np.float32) for _ in range(FRAMES)]
    return network, nodes, [_random_edges(rng, t) for t in range(FRAMES)]


def _random_edges(rng: np.random.Generator, t: int) -> IncomingEdges:
    previous, following = NODES * (t > 0), NODES * (t < FRAMES - 1)
    target = np.sort(rng.integers(NODES, size=EDGES)).astype(np.int32)
    source = rng.integers(previous + NODES + following, size=EDGES).astype(np.int32)
    return IncomingEdges(previous, source, target, rng.random((EDGES, 2), np.float32))


def _edges_of(incoming: list[IncomingEdges]) -> tuple[Tensor, EdgeIndex]:
    """Concatenate the features and the index of the edges of all frames."""
    index, _ = window_edge_index(incoming, np.arange(FRAMES + 1) * NODES)
    features = np.concatenate([edges.edge_features for edges in incoming])
    edge_index = EdgeIndex.of(torch.from_numpy(index), FRAMES * NODES)
    return torch.from_numpy(features), edge_index
