import numpy as np
import pytest

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.fit_label_model import (
    disputed,
    fit_label_model,
    not_slivers,
)
from tests.interact.known import known
from tests.scenes import plain_frame, random_graph

STRONG = LabelModelSettings(inverse_regularization=1.0)
"""So that a few superpixels suffice for an opinion."""


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def test_the_label_model_is_fitted_on_the_marked_superpixels(graph):
    first = graph.offsets
    last = graph.n - 1
    node_labels = known(graph.n, [(0, 1), (last, 0)])
    model = fit_label_model(graph.frames, first, node_labels, STRONG)
    assert model(graph.frames[0].appearance[:1], (1,))[0, 0] > 0.55
    assert model(graph.frames[-1].appearance[-1:], (1,))[0, 0] < 0.45


def test_spread_seeds_count_less_than_drawn_ones(graph):
    def chance(node_labels):
        model = fit_label_model(graph.frames, graph.offsets, node_labels, STRONG)
        return model(graph.frames[2].appearance[:1], (1,))[0, 0]

    at = int(graph.offsets[2])
    drawn = [(0, 1), (graph.n - 1, 0)]
    plain = chance(known(graph.n, drawn))
    carried = chance(known(graph.n, drawn, [(at, 1)]))
    painted = chance(known(graph.n, [*drawn, (at, 1)]))
    assert plain < carried < painted


def test_slivers_count_less():
    labels = np.zeros((20, 30), np.uint16)
    labels[:, 15:] = 1
    labels[3, 4:7] = 2
    found = not_slivers(plain_frame(labels), 1 / 7)
    least = labels.size / 3 / 7
    np.testing.assert_allclose(found, [1, 1, 3 / least], rtol=1e-5)
    assert (not_slivers(plain_frame(labels), 0) == 1).all()


def test_the_same_look_with_two_labels_is_disputed():
    looks = np.array([[1, 2], [1, 2], [3, 4], [3, 4], [5, 6]], np.float16)
    labels = np.array([0, 1, 2, 2, 1], np.int16)
    assert disputed(looks, labels).tolist() == [True, True, False, False, False]
    assert disputed(looks[:0], labels[:0]).tolist() == []
