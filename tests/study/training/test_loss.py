import numpy as np
import pytest
import torch

from napari_gnn_vos.model.checkpoint import CheckpointMetadata, build
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.study.training.learner import Learner
from napari_gnn_vos.study.training.loss import batch_loss
from napari_gnn_vos.study.training.samples import Sample
from tests.scenes import random_graph

CARD = CheckpointMetadata(
    (*NODE_FEATURE_NAMES, *NODE_INPUT_NAMES), EDGE_FEATURE_NAMES, 8, 2
)


def network():
    torch.manual_seed(0)
    return build(CARD)


def learner_of(world=1):
    torch.manual_seed(0)
    return Learner(CARD, world=world)


def sample(target=None, seed=0):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng).window()
    n = len(graph.node_features.values)
    inputs = rng.uniform(-1, 1, (n, len(NODE_INPUT_NAMES))).astype(np.float32)
    goal = (inputs[:, 4] > 0).astype(np.float32) if target is None else target(n)
    return Sample(graph, inputs, goal, rng.uniform(10, 90, n).astype(np.float32))


class Constant(torch.nn.Module):
    """Answers with given logits."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, *_):
        return self.logits


def test_by_hand():
    one = sample()
    logits = np.random.default_rng(1).normal(size=len(one.target)).astype(np.float32)
    p, y = 1 / (1 + np.exp(-logits.astype(float))), one.target
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    both, either = (one.size * p * y).sum(), (one.size * (p + y - p * y)).sum()
    for overlap in (0, 0.5, 2):
        loss = batch_loss(Constant(logits), CARD, [one], overlap)
        assert float(loss.detach()) == pytest.approx(
            entropy + overlap * (1 - both / either), 1e-5
        )


def test_a_window_without_the_object_counts_by_entropy_alone():
    nothing = sample(lambda n: np.zeros(n, np.float32))
    net = network().eval()
    assert torch.equal(
        batch_loss(net, CARD, [nothing], 5), batch_loss(net, CARD, [nothing], 0)
    )


def test_samples_count_alike_and_do_not_touch():
    net, samples = network().eval(), [sample(seed=seed) for seed in range(3)]
    apart = [float(batch_loss(net, CARD, [one], 0.5).detach()) for one in samples]
    assert len(set(apart)) == 3
    together = batch_loss(net, CARD, samples, 0.5)
    assert float(together.detach()) == pytest.approx(np.mean(apart), 1e-5)


def test_learning_makes_it_small():
    learner, one = learner_of(), sample()
    losses = [learner.step([one], 0.01, 0.5) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_mean_follows():
    learner = learner_of()
    before = [p.clone() for p in learner.mean.parameters()]
    learner.step([sample()], 0.1, 0.5)
    learner.update_average(0.75)
    moved = zip(
        before, learner.network.parameters(), learner.mean.parameters(), strict=True
    )
    for old, new, mean in moved:
        torch.testing.assert_close(mean, 0.75 * old + 0.25 * new)


def test_a_state_is_gone_on_from(tmp_path):
    one, other = learner_of(), Learner(CARD)
    one.step([sample()], 0.01, 0.5)
    one.update_average(0.5)
    one.save(tmp_path / "state.pt", 17, 0.625)
    assert other.load(tmp_path / "state.pt") == (17, 0.625)
    for learner in (one, other):
        torch.manual_seed(3)
        learner.step([sample()], 0.01, 0.5)
    pairs = zip(one.network.parameters(), other.network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_processes_share_the_mean_of_their_gradients(monkeypatch):
    """Two processes with the same sample take the step of one."""
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda flat: flat.mul_(2))
    alone, together = learner_of(), learner_of(world=2)
    for learner in (alone, together):
        torch.manual_seed(3)
        learner.step([sample()], 0.01, 0.5)
    pairs = zip(alone.network.parameters(), together.network.parameters(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b)
