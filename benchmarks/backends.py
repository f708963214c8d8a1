"""The network by every backend that is here: seconds for one label, as a table.

python benchmarks/backends.py    # with DGL if it is installed, see docs/dgl.md
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator

import numpy as np
import torch
from graphs import random_video_graph

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends.import_dgl import import_dgl
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.model.registry import load_model
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES


def backends(device: str) -> Iterator[tuple[str, Predictor]]:
    """The backends that are here, and for this device."""
    if device == "cpu":
        yield "fused", load_model(device=device, backend="fused")
    if device == "cuda":
        for name in ("triton", "half"):
            yield name, load_model(device=device, backend=name)
    yield "torch", load_model(device=device, backend="torch")
    try:
        name = f"dgl {import_dgl().__version__}"
    except SettingsError as error:
        print(f"Without DGL: {error}\n")
    else:
        yield name, load_model(device=device, backend="dgl")


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--frames", type=int, default=60)
    read.add_argument("--nodes", type=int, default=60_000, help="of all frames")
    read.add_argument("--edges", type=int, default=1_100_000, help="directed ones")
    read.add_argument("--runs", type=int, default=3)
    read.add_argument("--device", default="cpu")
    said = read.parse_args()
    graph = random_video_graph(said.frames, said.nodes, said.edges)
    rng = np.random.default_rng(1)
    inputs = [
        rng.random((1, n, len(NODE_INPUT_NAMES)), np.float32) for n in graph.counts
    ]
    count = sum(len(graph.incoming[t].source) for t in range(said.frames))
    models = dict(backends(said.device))
    answers: dict[str, np.ndarray] = {}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for round_index in range(said.runs + 1):  # in turn, so that a busy moment hits all
        for name, model in models.items():
            clock, processor = time.perf_counter(), time.process_time()
            found = list(model(graph, inputs.__getitem__, range(said.frames)))
            took[name].append(
                (time.perf_counter() - clock, time.process_time() - processor)
            )
            answers[name] = np.concatenate(found, axis=1)
            took[name] = took[name][1:] if round_index == 0 else took[name]  # a warm-up
    print(f"{graph.n} nodes, {count} directed edges; torch {torch.__version__}")
    print("| backend | seconds | processor seconds | largest difference |")
    print("|---|---|---|---|")
    for name, times in took.items():
        clock, processor = map(statistics.median, zip(*times, strict=True))
        off = np.abs(answers[name] - answers["torch"]).max()
        print(f"| {name} | {clock:.2f} | {processor:.2f} | {off:.0e} |")


if __name__ == "__main__":
    main()
