"""The network alone: 60 000 superpixels, 1.1 million directed edges, 12 layers."""

import numpy as np
import pytest
from graphs import random_video_graph

from napari_gnn_vos import load_model
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES


@pytest.fixture(scope="module")
def graph():
    made = random_video_graph(60, 60_000, 1_100_000)
    for t in range(60):
        made.incoming[t]  # gathered once, kept from round to round
    return made


def test_forward(benchmark, measured, graph):
    rng = np.random.default_rng(1)
    inputs = [
        rng.random((1, n, len(NODE_INPUT_NAMES)), np.float32) for n in graph.counts
    ]
    model = load_model(device="cpu")

    def once():
        return list(model(graph, inputs.__getitem__, range(60)))

    benchmark.pedantic(once, rounds=9, warmup_rounds=2)
    name = "forward, 60 k nodes, 1.1 M edges, fused"
    measured(name, benchmark.stats.stats.data, "s", 0.35)
