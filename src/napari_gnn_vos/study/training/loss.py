"""Training loss: cross-entropy and soft Jaccard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.model.checkpoint import CheckpointMetadata, assemble_inputs
from napari_gnn_vos.model.gatedgcn import EdgeIndex
from napari_gnn_vos.study.training.samples import Sample


def batch_loss(
    network: nn.Module,
    metadata: CheckpointMetadata,
    samples: Sequence[Sample],
    overlap: float,
) -> Tensor:
    """Compute the mean over samples of cross-entropy plus weighted soft Jaccard loss.

    Parameters
    ----------
    network : torch.nn.Module
        A `GatedGCN`, possibly wrapped for data-parallel training; evaluated on the
        disjoint union of all samples.
    metadata : CheckpointMetadata
        Input features of the network.
    samples : sequence of Sample
    overlap : float
        Weight of the soft Jaccard term, in which superpixels are weighted by size.
        It is omitted for windows that hardly contain the object.

    Returns
    -------
    loss : () Tensor of float
    """
    device = next(network.parameters()).device
    fed = [
        assemble_inputs(
            metadata, one.graph.node_features, one.graph.edge_features, one.inputs
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
    logits = network(nodes, edge_features, EdgeIndex.of(index, len(nodes))).split(
        counts
    )
    losses = [
        _sample_loss(*each, overlap) for each in zip(logits, samples, strict=True)
    ]
    return torch.stack(losses).mean()


def _sample_loss(logits: Tensor, sample: Sample, overlap: float) -> Tensor:
    target = torch.tensor(sample.target, device=logits.device)
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    if sample.target.sum() > 1:
        size = torch.tensor(sample.size, device=logits.device)
        p = torch.sigmoid(logits)
        both = (size * p * target).sum()
        either = (size * (p + target)).sum() - both
        loss = loss + overlap * (1 - both / either)
    return loss
