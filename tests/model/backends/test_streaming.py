from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.model.backends.compiled import (
    edge_block,
    layer,
    layout,
    streaming,
)
from napari_gnn_vos.model.backends.compiled.streaming import (
    FrameInput,
    StreamingForward,
)
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN
from tests.scenes import random_graph


def network(graph, width=20, depth=12):
    torch.manual_seed(0)
    net = GatedGCN(
        len(graph.node_feature_names), len(graph.edge_feature_names), width, depth
    ).eval()
    with torch.no_grad():
        for weights in net.parameters():  # norms that are not the identity
            weights += 0.1 * torch.randn_like(weights)
    return net


def frame_inputs(graph, labels=1, seed=0):
    rng = np.random.default_rng(seed)
    columns = len(graph.node_feature_names)
    nodes = [rng.random((labels, n, columns), np.float32) for n in graph.counts]

    def frame_input(t):
        return FrameInput(nodes[t], graph.incoming[t].edge_features, graph.incoming[t])

    return frame_input


def reference_logits(net, graph, inputs, label):
    """Logits per frame by the network in plain PyTorch."""
    window = graph.window()
    count = len(graph.counts)
    nodes = np.concatenate([inputs(t).nodes[label] for t in range(count)])
    incoming = EdgeIndex.of(torch.tensor(window.edge_index), len(nodes))
    edge_features = torch.tensor(window.edge_features.values)
    with torch.no_grad():
        out = net(torch.tensor(nodes)[:, None], edge_features, incoming)[:, 0]
    return np.split(out.numpy(), window.offsets[1:-1])


@pytest.mark.parametrize("width", [20, 10, 7])
@pytest.mark.parametrize("labels", [1, 3])
def test_logits_are_those_of_the_reference(width, labels):
    graph = random_graph(np.random.default_rng(0), frames=8)
    net, inputs = network(graph, width, 5), frame_inputs(graph, labels)
    logits = list(StreamingForward(net)(inputs, graph.counts, range(8)))
    assert np.concatenate(logits, axis=1).std() > 1e-2
    for label in range(labels):
        reference = reference_logits(net, graph, inputs, label)
        for rows, expected in zip(logits, reference, strict=True):
            np.testing.assert_allclose(rows[label], expected, rtol=1e-5, atol=1e-5)


@settings(max_examples=20)
@given(
    frames=st.integers(2, 40),
    ends=st.tuples(st.integers(0, 39), st.integers(0, 39)),
    depth=st.integers(1, 6),
    labels=st.integers(1, 3),
)
def test_range_of_frames_has_the_logits_of_the_whole_video(frames, ends, depth, labels):
    start, stop = min(ends), min(max(ends) + 1, frames)
    graph = random_graph(np.random.default_rng(frames), frames)
    forward = StreamingForward(network(graph, 8, depth))
    inputs = frame_inputs(graph, labels)
    with patch.object(streaming, "cores", lambda: 3):  # labels for all, or for some
        whole = list(forward(inputs, graph.counts, range(frames)))
    part = list(forward(inputs, graph.counts, range(start, stop)))
    assert len(part) == max(stop - start, 0)
    for rows, expected in zip(part, whole[start:stop], strict=True):
        np.testing.assert_array_equal(rows, expected)
    backwards = list(forward(inputs, graph.counts, range(start, stop)[::-1]))
    for rows, expected in zip(backwards, whole[start:stop][::-1], strict=True):
        np.testing.assert_array_equal(rows, expected)


def test_two_streams_in_turns_have_the_logits_of_the_whole_video():
    graph = random_graph(np.random.default_rng(0), 30)
    forward, inputs = StreamingForward(network(graph, 8, 4)), frame_inputs(graph)
    whole = list(forward(inputs, graph.counts, range(30)))
    after = forward(inputs, graph.counts, range(15, 30))
    before = forward(inputs, graph.counts, range(14, -1, -1))
    for distance, (later, earlier) in enumerate(zip(after, before, strict=True)):
        np.testing.assert_array_equal(later, whole[15 + distance])
        np.testing.assert_array_equal(earlier, whole[14 - distance])


@pytest.mark.parametrize(("labels", "ahead"), [(1, 8), (2, 4), (3, 4)])
def test_frames_that_are_read_before_the_first_logits(monkeypatch, labels, ahead):
    """With labels for all threads, only the receptive field is read before."""
    monkeypatch.setattr(streaming, "cores", lambda: 2)
    graph = random_graph(np.random.default_rng(0), 30)
    inputs, requested = frame_inputs(graph, labels), []

    def recorded(t):
        requested.append(t)
        return inputs(t)

    forward = StreamingForward(network(graph, 8, 4))
    next(forward(recorded, graph.counts, range(10, 30)))
    assert requested == list(range(6, 10 + ahead + 2))


def test_inputs_of_the_receptive_field_are_requested_once():
    graph = random_graph(np.random.default_rng(0), 30)
    inputs, requested = frame_inputs(graph), []

    def recorded(t):
        requested.append(t)
        return inputs(t)

    forward = StreamingForward(network(graph, 8, 4))
    list(forward(recorded, graph.counts, range(15, 17)))
    assert requested == list(range(11, 21))
    requested.clear()
    list(forward(recorded, graph.counts, range(16, 14, -1)))
    assert requested == list(range(11, 21))[::-1]


def test_closing_the_generator_ends_its_threads():
    graph = random_graph(np.random.default_rng(0), 30)
    logits = StreamingForward(network(graph, 8, 4))(
        frame_inputs(graph), graph.counts, range(30)
    )
    next(logits)
    logits.close()
    with pytest.raises(StopIteration):
        next(logits)


def test_weights_are_copied_for_each_forward():
    graph = random_graph(np.random.default_rng(0))
    net, inputs = network(graph, 8, 2), frame_inputs(graph)
    before = np.concatenate(
        list(StreamingForward(net)(inputs, graph.counts, range(5))), axis=1
    )
    with torch.no_grad():
        net.layers[0].from_edge.weight += 1
    after = np.concatenate(
        list(StreamingForward(net)(inputs, graph.counts, range(5))), axis=1
    )
    assert np.abs(after - before).max() > 1e-3


def test_sigmoid_is_accurate_over_the_whole_range():
    gate = np.linspace(-60, 60, 3 * layout.BLOCK_EDGES, dtype=np.float32)
    expected = 1 / (1 + np.exp(-gate.astype(np.float64)))
    blocks = gate.reshape(3, layout.BLOCK_EDGES).copy()
    next_block = blocks.copy(), np.arange(2), np.zeros((2, 2, 8), np.float32)
    edge_block.sigmoid(blocks, *next_block)
    np.testing.assert_allclose(blocks.ravel(), expected, rtol=1e-5)
    small = np.abs(gate) < 4  # where the product with log2(e) is hardly rounded
    np.testing.assert_allclose(blocks.ravel()[small], expected[small], rtol=1e-6)


@given(edges=st.integers(0, 150), columns=st.integers(1, 13), width=st.integers(1, 20))
def test_edges_are_embedded_for_each_label(edges, columns, width):
    rng = np.random.default_rng(edges)
    edge_features = rng.random((edges, columns), np.float32)
    linear = torch.nn.Linear(columns, width)
    blocks = np.empty(
        (2, -(-edges // layout.BLOCK_EDGES), width, layout.BLOCK_EDGES), np.float32
    )
    layer.embed_edges(edge_features, layout.linear(linear), blocks)
    expected = linear(torch.from_numpy(edge_features)).numpy(force=True)
    for states in blocks.transpose(0, 1, 3, 2).reshape(2, -1, width):
        np.testing.assert_allclose(states[:edges], expected, rtol=1e-5, atol=1e-6)


@given(nodes=st.integers(0, 11), width=st.integers(1, 20))
def test_nodes_are_projected(nodes, width):
    rng = np.random.default_rng(nodes)
    states = rng.random((nodes, width), np.float32)
    weight, bias = (rng.random(shape, np.float32) for shape in ((width, 48), 48))
    out = np.full((nodes, 48), np.nan, np.float32)
    layer.project(states, layout.Linear(weight, bias), out)
    np.testing.assert_allclose(out, states @ weight + bias, rtol=1e-5)
