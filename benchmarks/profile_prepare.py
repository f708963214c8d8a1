"""Print what a frame's preparation costs by stage, in processor time of one thread.

python benchmarks/profile_prepare.py ROOT/JPEGImages/480p/bear --frames 10
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import single_threaded_opencv, single_threaded_torch
from napari_gnn_vos.io.graph_store import GraphStore
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.model.registry import load_backbone
from napari_gnn_vos.prepare.describe import describe_pair, describe_regions
from napari_gnn_vos.prepare.flow import flow_between
from napari_gnn_vos.prepare.node_features import FrameView
from napari_gnn_vos.prepare.pool import pool_maps
from napari_gnn_vos.prepare.superpixels import oversegment


def profile(path: Path, count: int, folder: Path) -> dict[str, list[float]]:
    """Prepare some frames, one stage after the other: seconds by stage."""
    seconds: dict[str, list[float]] = defaultdict(list)

    def timed(stage: str, work: Callable[..., Any], *given: Any) -> Any:
        begin = time.thread_time()
        out = work(*given)
        seconds[stage].append(time.thread_time() - begin)
        return out

    how, video, embed = PrepareSettings(), read_video(path), load_backbone()
    store, last = GraphStore(folder, count), None
    pictures = [timed("read", video.rgb, t) for t in range(count)]
    steps = [timed("flow, both ways", flow_between, *two) for two in pairwise(pictures)]
    flows = [None, *steps, None]
    for t, picture in enumerate(pictures):
        before, after = flows[t], flows[t + 1]
        none = picture[..., 0].astype("uint16") * 0
        motions = FrameView(none, picture, before, after).motions
        cut = timed("superpixels", oversegment, picture, motions, how.superpixels)
        maps = timed("backbone", embed, picture)
        pooled = timed("pooling", pool_maps, maps, cut)
        about = cut, picture, before, after, pooled
        one = timed("nodes and spatial edges", describe_regions, *about)
        if last is not None:
            about = last, one, before, how.edges.least_share
            pair = timed("causal edges", describe_pair, *about)
            timed("write", store.put, t - 1, last[0], pair)
        last = one
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=10)
    asked = parser.parse_args()
    limits = single_threaded_opencv(), single_threaded_torch()
    with TemporaryDirectory() as folder, limits[0], limits[1]:
        found = profile(asked.video, asked.frames, Path(folder))
    for stage, seconds in found.items():
        print(f"| {stage} | {1e3 * median(seconds):.0f} |")
    print(f"| all | {1e3 * sum(map(median, found.values())):.0f} |")


if __name__ == "__main__":
    main()
