from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.study.training.learner import Learner
from napari_gnn_vos.study.training.loss import batch_loss
from napari_gnn_vos.study.training.samples import Sample
from tests.scenes import random_graph

METADATA = CheckpointMetadata(
    (*NODE_FEATURE_NAMES, *NODE_INPUT_NAMES), EDGE_FEATURE_NAMES, 8, 2
)


def network():
    torch.manual_seed(0)
    return build(METADATA)


def learner_of(world=1):
    torch.manual_seed(0)
    return Learner(METADATA, world=world)


def sample(target=None, seed=0):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng).window()
    n = len(graph.node_features.values)
    inputs = rng.uniform(-1, 1, (n, len(NODE_INPUT_NAMES))).astype(np.float32)
    goal = (inputs[:, 4] > 0).astype(np.float32) if target is None else target(n)
    return Sample(graph, inputs, goal, rng.uniform(10, 90, n).astype(np.float32))


class Constant(torch.nn.Module):
    """Return constant logits."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, *_):
        return self.logits


def test_loss_equals_its_formula():
    window = sample()
    logits = np.random.default_rng(1).normal(size=len(window.target)).astype(np.float32)
    p, y = 1 / (1 + np.exp(-logits.astype(float))), window.target
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    intersection = (window.size * p * y).sum()
    union = (window.size * (p + y - p * y)).sum()
    for overlap in (0, 0.5, 2):
        loss = batch_loss(Constant(logits), METADATA, [window], overlap)
        assert float(loss.detach()) == pytest.approx(
            entropy + overlap * (1 - intersection / union), 1e-5
        )


def test_window_without_the_object_has_cross_entropy_only():
    without_object = sample(lambda n: np.zeros(n, np.float32))
    net = network().eval()
    assert torch.equal(
        batch_loss(net, METADATA, [without_object], 5),
        batch_loss(net, METADATA, [without_object], 0),
    )


def test_loss_of_a_batch_is_the_mean_over_its_samples():
    net, samples = network().eval(), [sample(seed=seed) for seed in range(3)]
    separate = [
        float(batch_loss(net, METADATA, [window], 0.5).detach()) for window in samples
    ]
    assert len(set(separate)) == 3
    together = batch_loss(net, METADATA, samples, 0.5)
    assert float(together.detach()) == pytest.approx(np.mean(separate), 1e-5)


def test_training_reduces_the_loss():
    learner, window = learner_of(), sample()
    losses = [learner.step([window], 0.01, 0.5) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_average_of_weights_has_a_short_initial_memory():
    """The first update copies the weights; the decay of the second is 2 / 11."""
    learner = learner_of()
    weights = []
    for _ in range(2):
        learner.step([sample()], 0.1, 0.5)
        weights.append([p.clone() for p in learner.network.parameters()])
    weights = zip(*weights, learner.averaged.parameters(), strict=True)
    for first, second, averaged in weights:
        torch.testing.assert_close(averaged, 2 / 11 * first + 9 / 11 * second)
    assert not learner.averaged.training


def test_decay_of_the_average_is_bounded():
    learner = Learner(METADATA, decay=0.1)
    learner.step([sample()], 0.1, 0.5)
    first = [p.clone() for p in learner.network.parameters()]
    learner.step([sample()], 0.1, 0.5)
    weights = zip(
        first,
        learner.network.parameters(),
        learner.averaged.parameters(),
        strict=True,
    )
    for old, new, averaged in weights:
        torch.testing.assert_close(averaged, 0.1 * old + 0.9 * new)


def test_saved_state_is_restored(tmp_path):
    saved, restored = learner_of(), Learner(METADATA)
    saved.step([sample()], 0.01, 0.5)
    saved.save(tmp_path / "state.safetensors", 17, 0.625)
    assert restored.load(tmp_path / "state.safetensors") == (17, 0.625)
    for learner in (saved, restored):
        torch.manual_seed(3)
        learner.step([sample()], 0.01, 0.5)
    for name in ("network", "averaged"):
        weights = [getattr(k, name).parameters() for k in (saved, restored)]
        assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def _step_in_a_group(rank, file):
    """Take one step as one of two processes, each with its own sample."""
    address = f"file://{file}.group"
    distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    try:
        learner = learner_of(world=2)
        learner.step([sample(seed=rank)], 0.01, 0.5)
        learner.step([sample(seed=2 + rank)], 0.01, 0.5)
        if rank == 0:
            torch.save(learner.network.state_dict(), file)
    finally:
        distributed.destroy_process_group()


def test_processes_average_their_gradients(tmp_path):
    """Two processes take the step of one process with the samples of both."""
    spawn(_step_in_a_group, (tmp_path / "weights.pt",), 2)
    alone = learner_of()
    alone.step([sample(seed=0), sample(seed=1)], 0.01, 0.5)
    alone.step([sample(seed=2), sample(seed=3)], 0.01, 0.5)
    together = torch.load(tmp_path / "weights.pt", weights_only=True)
    for name, weights in alone.network.state_dict().items():
        torch.testing.assert_close(together[name], weights, atol=1e-5, rtol=1e-3)


def test_superpixels_without_a_target_do_not_count():
    window = sample()
    logits = np.random.default_rng(1).normal(size=len(window.target)).astype(np.float32)
    known = np.arange(len(logits)) % 3 > 0
    hidden = replace(window, target=np.where(known, window.target, np.nan))
    changed = np.where(known, logits, 50).astype(np.float32)
    losses = [
        float(batch_loss(Constant(values), METADATA, [hidden], 1).detach())
        for values in (logits, changed)
    ]
    assert losses[0] == pytest.approx(losses[1])
    complete = batch_loss(Constant(logits), METADATA, [window], 1)
    assert losses[0] != pytest.approx(float(complete.detach()))
