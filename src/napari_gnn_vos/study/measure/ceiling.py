"""Upper bound of J for labellings that are constant per superpixel."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Quality, SuperpixelSettings
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.prepare.flow import dis_flow, flow_between, full_size
from napari_gnn_vos.prepare.superpixels import METHODS, oversegment
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.study.measure.report_tables import markdown_table
from napari_gnn_vos.study.metrics import jaccard, objects_of


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Ceiling J, superpixel count and run time of an over-segmentation method.

    Parameters
    ----------
    j : dict of str to float
        Mean ceiling J per sequence.
    superpixels : float
        Mean number per frame.
    milliseconds : float
        Median CPU time per frame on one core, in milliseconds.
    """

    j: dict[str, float]
    superpixels: float
    milliseconds: float

    @property
    def mean(self) -> float:
        """Mean J over sequences."""
        return float(np.mean(list(self.j.values())))


def best_labels(
    superpixels: NDArray[np.integer], truth: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Assign each superpixel of a frame its most frequent true label.

    Parameters
    ----------
    superpixels : (H, W) ndarray of int
        Numbers 0 .. n - 1.
    truth : (H, W) ndarray of uint8

    Returns
    -------
    labels : (H, W) ndarray of uint8
    """
    n, k = int(superpixels.max()) + 1, int(truth.max()) + 1
    votes = np.bincount((superpixels.astype(np.int64) * k + truth).ravel(), None, n * k)
    best = votes.reshape(n, k).argmax(axis=1).astype(np.uint8)
    return np.asarray(best[superpixels])


def frame_ceiling(
    superpixels: NDArray[np.integer],
    truth: NDArray[np.uint8],
    objects: Sequence[int],
) -> float:
    """Compute mean J of `best_labels` over the objects of one frame."""
    labels = best_labels(superpixels, truth)
    return float(jaccard(labels[None], truth[None], objects).mean())


def mean_ceiling(graph: VideoGraph, truth: NDArray[np.uint8]) -> float:
    """Compute the mean of `frame_ceiling` over the frames of a video.

    Parameters
    ----------
    graph : VideoGraph
    truth : (T, H, W) ndarray of uint8
    """
    objects = objects_of(truth)
    pairs = zip(graph.frames, truth, strict=True)
    return float(np.mean([frame_ceiling(f.labels, true, objects) for f, true in pairs]))


def motions_at(
    video: Video, t: int, quality: Quality = "balanced"
) -> list[NDArray[np.float32]]:
    """Estimate the motion to the next and to the previous frame, as in preparation."""
    shape, estimate = video.shape[1:], partial(dis_flow, quality=quality)
    rgb = partial(video.rgb, denoise=True)
    motions = []
    if t + 1 < video.shape[0]:
        flow = flow_between(rgb(t), rgb(t + 1), estimate)
        motions.append(full_size(flow.forward, shape))
    if t > 0:
        flow = flow_between(rgb(t - 1), rgb(t), estimate)
        motions.append(full_size(flow.backward, shape))
    return motions


def measure_ceilings(
    root: Path,
    names: Sequence[str],
    per_frame: int,
    every: int,
    quality: Quality = "balanced",
) -> Pipeline[dict[str, Ceiling]]:
    """Measure the ceiling J of each over-segmentation method.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    names : sequence of str
        Sequences.
    per_frame : int
        Target number of superpixels per frame.
    every : int
        Interval between measured frames.
    quality : {"fast", "balanced", "best"}
        Quality of flow and superpixels.

    Yields
    ------
    step : Progress
        One per sequence.

    Returns
    -------
    ceilings : dict of str to Ceiling
        By method name.
    """
    mean_j: dict[str, dict[str, float]] = {method: {} for method in METHODS}
    counts: dict[str, list[int]] = {method: [] for method in METHODS}
    times: dict[str, list[float]] = {method: [] for method in METHODS}
    for done, name in enumerate(names):
        yield Progress(name, done, len(names))
        video, truth = read_davis(root, name)
        objects, measured = objects_of(truth), range(every // 2, len(truth), every)
        inputs = [
            (video.rgb(t, denoise=True), motions_at(video, t, quality))
            for t in measured
        ]
        for method in METHODS:
            settings = SuperpixelSettings.model_validate(
                {"method": method, "per_frame": per_frame}
            )
            js = []
            for t, (image, motions) in zip(measured, inputs, strict=True):
                start = time.process_time()
                superpixels = oversegment(image, motions, settings, quality)
                times[method].append(time.process_time() - start)
                counts[method].append(int(superpixels.max()) + 1)
                js.append(frame_ceiling(superpixels, truth[t], objects))
            mean_j[method][name] = float(np.mean(js))
    return {
        method: Ceiling(
            mean_j[method],
            float(np.mean(counts[method])),
            float(np.median(times[method])) * 1e3,
        )
        for method in METHODS
    }


def ceiling_table(ceilings: dict[str, Ceiling]) -> str:
    """Format ceilings as a Markdown table, best method first."""
    head = ["over-segmentation", "superpixels per frame", "ceiling J", "ms per frame"]
    rows = [
        [method, f"{c.superpixels:.0f}", f"{c.mean:.3f}", f"{c.milliseconds:.0f}"]
        for method, c in sorted(ceilings.items(), key=lambda item: -item[1].mean)
    ]
    return markdown_table(head, rows)
