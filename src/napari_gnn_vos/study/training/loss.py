"""What training makes small."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_gnn_vos.model.checkpoint import Card, feed
from napari_gnn_vos.model.gatedgcn import GatedGCN, Ties
from napari_gnn_vos.study.training.samples import Sample


def loss_of(network: GatedGCN, card: Card, sample: Sample, overlap: float) -> Tensor:
    """Cross-entropy, mean over superpixels, and one minus the soft J of the window.

    Parameters
    ----------
    network : GatedGCN
    card : Card
        What it is fed with.
    sample : Sample
    overlap : float
        Weight of the second term, in which superpixels count by their size. It is
        left out where a window holds next to nothing of the object.

    Returns
    -------
    loss : () Tensor of float
    """
    device = next(network.parameters()).device
    nodes, links = feed(card, sample.graph.nodes, sample.graph.links, sample.inputs)
    logits = network(
        torch.tensor(nodes, device=device),
        torch.tensor(links, device=device),
        Ties.of(torch.tensor(sample.graph.edges, device=device), len(nodes)),
    )
    target = torch.tensor(sample.target, device=device)
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    if sample.target.sum() > 1:
        size = torch.tensor(sample.size, device=device)
        p = torch.sigmoid(logits)
        both = (size * p * target).sum()
        either = (size * (p + target)).sum() - both
        loss = loss + overlap * (1 - both / either)
    return loss
