from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, ShapeError
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, feed
from napari_gnn_vos.model.device_graph_cache import DeviceGraphCache
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from tests.scenes import random_graph

MIXED = (NODE_INPUT_NAMES[5], *NODE_FEATURE_NAMES[::-1], NODE_INPUT_NAMES[0])
CARD = CheckpointMetadata(MIXED, EDGE_FEATURE_NAMES[2:], 8, 2)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def inputs_of(graph, span):
    rng = np.random.default_rng(1)
    count = graph.counts[span.start : span.stop].sum()
    return rng.random((2, count, len(NODE_INPUT_NAMES)), np.float32)


@pytest.mark.parametrize("span", [range(4), range(1, 3), range(3, 4)])
def test_what_the_arrays_of_a_window_hold(graph, span):
    inputs, window = inputs_of(graph, span), graph.window(span.start, span.stop)
    nodes, edge_features = feed(
        CARD, window.node_features, window.edge_features, inputs
    )
    fed = DeviceGraphCache(CARD, "cpu").feed(graph, span, inputs)
    np.testing.assert_array_equal(fed.nodes.transpose(0, 1), nodes)
    np.testing.assert_array_equal(fed.edge_features, edge_features)
    ends = torch.stack([fed.incoming.source, fed.incoming.target])
    np.testing.assert_array_equal(ends, window.edge_index)
    assert fed.incoming.start[-1] == window.edge_index.shape[1]


def test_a_round_brings_only_what_it_has_changed(graph, monkeypatch):
    resident, span = DeviceGraphCache(CARD, "cpu"), range(graph.shape[0])
    resident.feed(graph, span, inputs_of(graph, span))
    frame = graph.frames[0]
    changed = graph.exchange(
        {0: replace(frame, node_features=frame.node_features + 1)}, {}
    )
    known, brought = torch.tensor, []

    def watched(values, **options):
        brought.append(np.shape(values))
        return known(values, **options)

    monkeypatch.setattr(torch, "tensor", watched)
    fed = resident.feed(changed, span, inputs_of(graph, span))
    monkeypatch.undo()
    static = [shape for shape in brought if shape[1:] == (len(NODE_FEATURE_NAMES),)]
    assert static == [frame.node_features.shape]
    assert sum(shape[1:] == (len(CARD.edge_feature_names),) for shape in brought) == 2
    again = DeviceGraphCache(CARD, "cpu").feed(changed, span, inputs_of(graph, span))
    np.testing.assert_array_equal(fed.nodes, again.nodes)


def test_inputs_or_columns_that_do_not_fit(graph):
    span = range(graph.shape[0])
    inputs = inputs_of(graph, span)
    with pytest.raises(ShapeError):
        DeviceGraphCache(CARD, "cpu").feed(graph, span, inputs[:, 1:])
    other = replace(CARD, edge_feature_names=("new",))
    with pytest.raises(CheckpointError, match="features that are not there"):
        DeviceGraphCache(other, "cpu").feed(graph, span, inputs)
