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
        Superpixels whose target is not known do not count.
    overlap : float
        Weight of the soft Jaccard term, in which superpixels are weighted by size.
        The term is omitted if the targets of a window sum to 1 superpixel or less.

    Returns
    -------
    loss : () Tensor of float
    """
    device = next(network.parameters()).device
    inputs = [
        assemble_inputs(
            metadata,
            sample.graph.node_features,
            sample.graph.edge_features,
            sample.inputs,
        )
        for sample in samples
    ]
    nodes, edge_features = (
        torch.tensor(np.concatenate(parts), device=device)
        for parts in zip(*inputs, strict=True)
    )
    counts = [len(sample.target) for sample in samples]
    first = np.cumsum([0, *counts]).astype(np.int32)
    edges = [
        sample.graph.edge_index + begin
        for sample, begin in zip(samples, first, strict=False)
    ]
    index = torch.tensor(np.concatenate(edges, axis=1), device=device)
    logits = network(nodes, edge_features, EdgeIndex.of(index, len(nodes))).split(
        counts
    )
    losses = [
        _sample_loss(*each, overlap) for each in zip(logits, samples, strict=True)
    ]
    return torch.stack(losses).mean()


def _sample_loss(logits: Tensor, sample: Sample, overlap: float) -> Tensor:
    known = ~np.isnan(sample.target)
    target, size = (
        torch.tensor(values[known], device=logits.device)
        for values in (sample.target, sample.size)
    )
    logits = logits[torch.tensor(known, device=logits.device)]
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    if target.sum() > 1:
        p = torch.sigmoid(logits)
        intersection = (size * p * target).sum()
        union = (size * (p + target)).sum() - intersection
        loss = loss + overlap * (1 - intersection / union)
    return loss
