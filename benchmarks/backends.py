"""Forward time of the network by each available backend, as a table.

python benchmarks/backends.py    # with DGL if it is installed, see docs/how-to/dgl.md
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch
from graphs import random_node_inputs, random_video_graph

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends.selection import REGISTRY
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.model.predictor import Predictor


def available_models(device: str) -> dict[str, Predictor]:
    """Load the bundled network with each backend of the device."""
    models = {}
    for name in REGISTRY:
        try:
            models[name] = load_model(device=device, backend=name)
        except SettingsError as error:
            print(f"Without {name}: {error}\n")
    return models


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--nodes", type=int, default=60_000, help="of all frames")
    parser.add_argument("--edges", type=int, default=1_100_000, help="directed ones")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    graph = random_video_graph(options.frames, options.nodes, options.edges)
    inputs = random_node_inputs(graph)
    count = sum(len(graph.incoming[t].source) for t in range(options.frames))
    models = available_models(options.device)
    results: dict[str, np.ndarray] = {}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for run in range(options.runs + 1):  # alternating, so that other load hits all
        for name, model in models.items():
            wall, processor = time.perf_counter(), time.process_time()
            frames = list(model(graph, inputs.__getitem__, range(options.frames)))
            wall = time.perf_counter() - wall
            processor = time.process_time() - processor
            results[name] = np.concatenate(frames, axis=1)
            if run > 0:  # the first is a warm-up
                seconds[name].append((wall, processor))
    print(f"{graph.n} nodes, {count} directed edges; torch {torch.__version__}")
    print("| backend | seconds | processor seconds | largest difference |")
    print("|---|---|---|---|")
    for name, times in seconds.items():
        wall, processor = map(statistics.median, zip(*times, strict=True))
        difference = np.abs(results[name] - results["torch"]).max()
        print(f"| {name} | {wall:.2f} | {processor:.2f} | {difference:.0e} |")


if __name__ == "__main__":
    main()
