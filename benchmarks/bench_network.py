"""Forward pass of the network: 60 000 nodes, 1.1 million directed edges, 12 layers."""

import pytest
from graphs import random_node_inputs, random_video_graph

from napari_gnn_vos import load_model


@pytest.fixture(scope="module")
def graph():
    graph = random_video_graph(60, 60_000, 1_100_000)
    for t in range(60):
        graph.incoming[t]  # gathered once and cached
    return graph


def test_forward(benchmark, measured, graph):
    inputs = random_node_inputs(graph)
    model = load_model(device="cpu")

    def forward():
        return list(model(graph, inputs.__getitem__, range(60)))

    benchmark.pedantic(forward, rounds=9, warmup_rounds=2)
    name = "forward, 60 k nodes, 1.1 M edges, fused"
    measured(name, benchmark.stats.stats.data, "s", 0.35)
