from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, ShapeError
from napari_gnn_vos.model.checkpoint import Card, feed
from napari_gnn_vos.model.resident import Resident
from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.prepare.node_features import NODE_NAMES
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from tests.scenes import random_graph

MIXED = (INPUT_NAMES[5], *NODE_NAMES[::-1], INPUT_NAMES[0])
CARD = Card(MIXED, LINK_NAMES[2:], 8, 2)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def inputs_of(graph, span):
    rng = np.random.default_rng(1)
    count = graph.counts[span.start : span.stop].sum()
    return rng.random((2, count, len(INPUT_NAMES)), np.float32)


@pytest.mark.parametrize("span", [range(4), range(1, 3), range(3, 4)])
def test_what_the_arrays_of_a_window_hold(graph, span):
    inputs, window = inputs_of(graph, span), graph.window(span.start, span.stop)
    nodes, links = feed(CARD, window.nodes, window.links, inputs)
    fed = Resident(CARD, "cpu").feed(graph, span, inputs)
    np.testing.assert_array_equal(fed.nodes.transpose(0, 1), nodes)
    np.testing.assert_array_equal(fed.links, links)
    ends = torch.stack([fed.ties.source, fed.ties.target])
    np.testing.assert_array_equal(ends, window.edges)
    assert fed.ties.start[-1] == window.edges.shape[1]


def test_a_round_brings_only_what_it_has_changed(graph, monkeypatch):
    resident, span = Resident(CARD, "cpu"), range(graph.shape[0])
    resident.feed(graph, span, inputs_of(graph, span))
    frame = graph.frames[0]
    changed = graph.exchange({0: replace(frame, nodes=frame.nodes + 1)}, {})
    known, brought = torch.tensor, []

    def watched(values, **options):
        brought.append(np.shape(values))
        return known(values, **options)

    monkeypatch.setattr(torch, "tensor", watched)
    fed = resident.feed(changed, span, inputs_of(graph, span))
    monkeypatch.undo()
    static = [shape for shape in brought if shape[1:] == (len(NODE_NAMES),)]
    assert static == [frame.nodes.shape]
    assert sum(shape[1:] == (len(CARD.link_names),) for shape in brought) == 2
    again = Resident(CARD, "cpu").feed(changed, span, inputs_of(graph, span))
    np.testing.assert_array_equal(fed.nodes, again.nodes)


def test_inputs_or_columns_that_do_not_fit(graph):
    span = range(graph.shape[0])
    inputs = inputs_of(graph, span)
    with pytest.raises(ShapeError):
        Resident(CARD, "cpu").feed(graph, span, inputs[:, 1:])
    other = replace(CARD, link_names=("new",))
    with pytest.raises(CheckpointError, match="features that are not there"):
        Resident(other, "cpu").feed(graph, span, inputs)
