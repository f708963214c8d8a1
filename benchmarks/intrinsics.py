"""Forward time with each hand-written LLVM intrinsic replaced by plain numba.

python benchmarks/intrinsics.py    # a table: seconds, ratio, same bits or not

All variants run in one process on the same arrays and take turns, and minima are
compared, so that other load on the machine matters little. The variant without a
replacement is measured twice: the difference of the two is the noise.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numba
import numpy as np
from graphs import random_node_inputs, random_video_graph
from numba import njit

from napari_gnn_vos.model.backends.compiled import jit
from napari_gnn_vos.model.backends.compiled.intrinsics import TILE_ROWS
from napari_gnn_vos.model.backends.compiled.layout import BLOCK_EDGES
from napari_gnn_vos.model.checkpoint import assemble_inputs, load_checkpoint
from napari_gnn_vos.model.loading import WEIGHTS
from napari_gnn_vos.structures.feature_table import FeatureTable
from napari_gnn_vos.structures.video_graph import VideoGraph

PACKAGE = "napari_gnn_vos.model.backends.compiled"
EXACT: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
FUSED_MULTIPLY_ADD = EXACT | {"fastmath": {"contract"}}
"""Sums keep their order; a product and a sum are rounded once, as the intrinsics do."""


@njit(**EXACT)
def plain_gather(source, target, source_terms, target_terms, rows):
    for x in range(len(source)):
        i, j = target[x], source[x]
        for k in range(rows.shape[1]):
            rows[x, k] = target_terms[i, 1, k] + source_terms[j, 1, k]


@njit(**FUSED_MULTIPLY_ADD)
def plain_scatter(source, target, source_terms, rows, sums):
    for x in range(len(source)):
        i, j = target[x], source[x]
        for k in range(rows.shape[1]):
            sums[i, 0, k] += rows[x, k] * source_terms[j, 0, k]
            sums[i, 1, k] += rows[x, k]


@njit(**EXACT)
def plain_transpose(rows, columns):
    n, m = rows.shape
    for c in range(m):
        for r in range(n):
            columns[c, r] = rows[r, c]


@njit(**FUSED_MULTIPLY_ADD)
def plain_multiply(block, weight, out, h):
    for k in range(h):
        for j in range(weight.shape[0]):
            w = weight[j, k]
            for x in range(BLOCK_EDGES):
                out[k, x] += w * block[j, x]


@njit(**FUSED_MULTIPLY_ADD)
def _project_rows(states, weight, out, stop):
    for i in range(stop):
        for k in range(states.shape[1]):
            for c in range(out.shape[1]):
                out[i, c] += states[i, k] * weight[k, c]


@njit(**EXACT)
def plain_project(states, projection, out):
    weight, bias = projection
    n, h = states.shape
    for i in range(n):
        for c in range(len(bias)):
            out[i, c] = bias[c]
    tiled = n // TILE_ROWS * TILE_ROWS
    _project_rows(states, weight, out, tiled)
    for i in range(tiled, n):
        for k in range(h):
            for c in range(len(bias)):
                out[i, c] += states[i, k] * weight[k, c]


@njit(**EXACT, inline="always")
def no_prefetch(block, source, source_terms, part, parts):
    pass


VARIANTS: dict[str, dict[str, Callable[..., None]]] = {
    "none": {},
    "none, again": {},
    "set_sum": {"gather": plain_gather},
    "add_run, add_long_run": {"scatter": plain_scatter},
    "transpose_tile": {"transpose": plain_transpose},
    "multiply_tile": {"multiply": plain_multiply},
    "multiply_narrow_tile": {"project": plain_project},
    "prefetch": {"prefetch_part": no_prefetch},
}
"""Kernels that use an intrinsic, and their replacements."""


def variant_of(name: str) -> ModuleType:
    """Import the streaming module anew, with the kernels of a variant."""
    names = [f"{PACKAGE}.{module}" for module in ("edge_block", "layer", "streaming")]
    for module in names:
        sys.modules.pop(module, None)
    original, jit.source_digest = jit.source_digest, lambda _files: name
    for module in names:  # each imports the kernels of those before it
        imported = importlib.import_module(module)
        for kernel, replacement in VARIANTS[name].items():
            if hasattr(imported, kernel):
                setattr(imported, kernel, replacement)
    jit.source_digest = original
    return imported


def frame_inputs(streaming: ModuleType, tables: list[Any]) -> Callable[[int], Any]:
    return lambda t: streaming.FrameInput(*tables[t])


def tables_of(graph: VideoGraph, metadata: Any) -> list[Any]:
    """Assemble the network inputs of each frame once."""
    tables = []
    for t, inputs in enumerate(random_node_inputs(graph)):
        incoming = graph.incoming[t]
        nodes = FeatureTable(graph.frames[t].node_features, graph.node_feature_names)
        edges = FeatureTable(incoming.edge_features, graph.edge_feature_names)
        tables.append((*assemble_inputs(metadata, nodes, edges, inputs), incoming))
    return tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--nodes", type=int, default=60_000, help="of all frames")
    parser.add_argument("--edges", type=int, default=1_100_000, help="directed ones")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    graph = random_video_graph(options.frames, options.nodes, options.edges)
    network, metadata = load_checkpoint(WEIGHTS / "gatedgcn.safetensors")
    tables = tables_of(graph, metadata)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    digests = {}
    with tempfile.TemporaryDirectory() as cache:
        numba.config.CACHE_DIR = cache
        variants = {name: variant_of(name) for name in VARIANTS}
        for number in range(options.rounds + 1):
            for name, streaming in variants.items():
                forward = streaming.StreamingForward(network)
                inputs, digest = frame_inputs(streaming, tables), hashlib.sha256()
                wall, processor = time.perf_counter(), time.process_time()
                for logits in forward(inputs, graph.counts, range(options.frames)):
                    digest.update(np.ascontiguousarray(logits))
                wall = time.perf_counter() - wall
                processor = time.process_time() - processor
                digests[name] = digest.hexdigest()
                if number > 0:  # the first compiles
                    seconds[name].append((wall, processor))
    print(
        "| replaced by plain numba | seconds | processor seconds | ratio | same bits |"
    )
    print("|---|---|---|---|---|")
    _, best = map(min, zip(*seconds["none"], strict=True))
    for name, times in seconds.items():
        wall, processor = map(min, zip(*times, strict=True))
        same = "yes" if digests[name] == digests["none"] else "no"
        ratio = processor / best
        print(f"| {name} | {wall:.3f} | {processor:.3f} | {ratio:.2f} | {same} |")


if __name__ == "__main__":
    main()
