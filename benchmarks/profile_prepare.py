"""Print the processor time of each stage of preparation, per frame on one thread.

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
from napari_gnn_vos.model.loading import load_backbone
from napari_gnn_vos.prepare.flow import flow_between
from napari_gnn_vos.prepare.graph_construction import (
    build_frame_pair,
    graph_of_superpixels,
)
from napari_gnn_vos.prepare.node_features import FrameView
from napari_gnn_vos.prepare.superpixel_pooling import pool_maps
from napari_gnn_vos.prepare.superpixels import oversegment


def profile(path: Path, count: int, folder: Path) -> dict[str, list[float]]:
    """Prepare frames stage by stage; return seconds per frame by stage."""
    seconds: dict[str, list[float]] = defaultdict(list)

    def timed(stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        begin = time.thread_time()
        result = work(*arguments)
        seconds[stage].append(time.thread_time() - begin)
        return result

    settings, video, embed = PrepareSettings(), read_video(path), load_backbone()
    store, previous = GraphStore(folder, count), None
    pictures = [timed("read", video.rgb, t) for t in range(count)]
    flows = [
        None,
        *(
            timed("flow, both directions", flow_between, *pair)
            for pair in pairwise(pictures)
        ),
        None,
    ]
    for t, picture in enumerate(pictures):
        before, after = flows[t], flows[t + 1]
        no_superpixels = picture[..., 0].astype("uint16") * 0
        motions = FrameView(no_superpixels, picture, before, after).motions
        labels = timed(
            "superpixels", oversegment, picture, motions, settings.superpixels
        )
        maps = timed("backbone", embed, picture)
        pooled = timed("pooling", pool_maps, maps, labels)
        frame_input = labels, picture, before, after, pooled
        frame = timed("nodes and spatial edges", graph_of_superpixels, *frame_input)
        if previous is not None:
            pair_input = previous, frame, before, settings.edges.least_share
            pair = timed("causal edges", build_frame_pair, *pair_input)
            timed("write", store.put, t - 1, previous[0], pair)
        previous = frame
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=10)
    options = parser.parse_args()
    limits = single_threaded_opencv(), single_threaded_torch()
    with TemporaryDirectory() as folder, limits[0], limits[1]:
        stages = profile(options.video, options.frames, Path(folder))
    for stage, seconds in stages.items():
        print(f"| {stage} | {1e3 * median(seconds):.0f} |")
    print(f"| all | {1e3 * sum(map(median, stages.values())):.0f} |")


if __name__ == "__main__":
    main()
