from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, ShapeError
from napari_gnn_vos.model.backends.device_graph_cache import DeviceGraphCache
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, assemble_inputs
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from tests.scenes import random_graph

MIXED = (NODE_INPUT_NAMES[5], *NODE_FEATURE_NAMES[::-1], NODE_INPUT_NAMES[0])
METADATA = CheckpointMetadata(MIXED, EDGE_FEATURE_NAMES[2:], 8, 2)


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def inputs_of(graph, span):
    rng = np.random.default_rng(1)
    count = graph.counts[span.start : span.stop].sum()
    return rng.random((2, count, len(NODE_INPUT_NAMES)), np.float32)


@pytest.mark.parametrize("span", [range(4), range(1, 3), range(3, 4)])
def test_arrays_of_a_window(graph, span):
    inputs, window = inputs_of(graph, span), graph.window(span.start, span.stop)
    nodes, edge_features = assemble_inputs(
        METADATA, window.node_features, window.edge_features, inputs
    )
    assembled = DeviceGraphCache(METADATA, "cpu").assemble_inputs(graph, span, inputs)
    np.testing.assert_array_equal(assembled.nodes.transpose(0, 1), nodes)
    np.testing.assert_array_equal(assembled.edge_features, edge_features)
    ends = torch.stack([assembled.edge_index.source, assembled.edge_index.target])
    np.testing.assert_array_equal(ends, window.edge_index)
    assert assembled.edge_index.start[-1] == window.edge_index.shape[1]


def test_only_changed_frames_are_copied(graph, monkeypatch):
    graph_cache, span = DeviceGraphCache(METADATA, "cpu"), range(graph.shape[0])
    graph_cache.assemble_inputs(graph, span, inputs_of(graph, span))
    frame = graph.frames[0]
    changed = graph.with_frames(
        {0: replace(frame, node_features=frame.node_features + 1)}, {}
    )
    make_tensor, copied = torch.tensor, []

    def recorded(values, **options):
        copied.append(np.shape(values))
        return make_tensor(values, **options)

    monkeypatch.setattr(torch, "tensor", recorded)
    assembled = graph_cache.assemble_inputs(changed, span, inputs_of(graph, span))
    monkeypatch.undo()
    static = [shape for shape in copied if shape[1:] == (len(NODE_FEATURE_NAMES),)]
    assert static == [frame.node_features.shape]
    assert (
        sum(shape[1:] == (len(METADATA.edge_feature_names),) for shape in copied) == 2
    )
    again = DeviceGraphCache(METADATA, "cpu").assemble_inputs(
        changed, span, inputs_of(graph, span)
    )
    np.testing.assert_array_equal(assembled.nodes, again.nodes)


def test_wrong_input_shape_and_missing_features_raise_an_error(graph):
    span = range(graph.shape[0])
    inputs = inputs_of(graph, span)
    with pytest.raises(ShapeError):
        DeviceGraphCache(METADATA, "cpu").assemble_inputs(graph, span, inputs[:, 1:])
    unknown = replace(METADATA, edge_feature_names=("new",))
    with pytest.raises(CheckpointError, match="features that are not there"):
        DeviceGraphCache(unknown, "cpu").assemble_inputs(graph, span, inputs)
