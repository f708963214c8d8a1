"""What training makes small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_gnn_vos.model.backends.windows import Forward
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, assemble_inputs
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from napari_gnn_vos.study.training.samples import Sample


def loss_of(
    network: GatedGCN,
    card: CheckpointMetadata,
    samples: Sequence[Sample],
    overlap: float,
    forward: Forward = GatedGCN.__call__,
) -> Tensor:
    """Mean over samples: cross-entropy of superpixels, and one minus soft J.

    Parameters
    ----------
    network : GatedGCN
        Answers for all samples at once, as for one graph in pieces.
    card : CheckpointMetadata
        What it is fed with.
    samples : sequence of Sample
    overlap : float
        Weight of the second term, in which superpixels count by their size. It is
        left out where a window holds next to nothing of the object.
    forward : callable
        From the network, its inputs and the edge index to (N,) logits: the network
        itself, or `model.backends.selection.differentiable_forward`.

    Returns
    -------
    loss : () Tensor of float
    """
    device = next(network.parameters()).device
    fed = [
        assemble_inputs(
            card, one.graph.node_features, one.graph.edge_features, one.inputs
        )
        for one in samples
    ]
    nodes, edge_features = (
        torch.tensor(np.concatenate(parts), device=device)
        for parts in zip(*fed, strict=True)
    )
    counts = [len(one.target) for one in samples]
    first = np.cumsum([0, *counts]).astype(np.int32)
    ends = [
        one.graph.edge_index + begin for one, begin in zip(samples, first, strict=False)
    ]
    index = torch.tensor(np.concatenate(ends, axis=1), device=device)
    edge_index = EdgeIndex.of(index, len(nodes))
    logits = forward(network, nodes, edge_features, edge_index)
    by_sample = torch.split(logits, counts)
    losses = [_of_one(*each, overlap) for each in zip(by_sample, samples, strict=True)]
    return torch.stack(losses).mean()


def _of_one(logits: Tensor, sample: Sample, overlap: float) -> Tensor:
    target = torch.tensor(sample.target, device=logits.device)
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    if sample.target.sum() > 1:
        size = torch.tensor(sample.size, device=logits.device)
        p = torch.sigmoid(logits)
        both = (size * p * target).sum()
        either = (size * (p + target)).sum() - both
        loss = loss + overlap * (1 - both / either)
    return loss
