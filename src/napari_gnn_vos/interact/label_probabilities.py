"""Probabilities of labels by the label model, for all superpixels of some frames."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.hardware import cores, single_threaded_blas
from napari_gnn_vos.interact.label_model import fit_label_model, label_model_inputs
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
NEUTRAL = 0.5
"""Probability of a label of which nothing is known."""


def label_model_probabilities(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    objects: tuple[int, ...],
    settings: LabelModelSettings,
    span: range,
) -> dict[int, F32]:
    """Fit the label model and apply it to the frames of `span`.

    Parameters
    ----------
    graph : VideoGraph
    node_labels : SuperpixelLabels
        Of its N superpixels.
    objects : tuple of int
    settings : LabelModelSettings
    span : range
        Frames.

    Returns
    -------
    probability : dict of int to (N,) ndarray of float32
        Of each object; 0.5 outside `span`, and if the label model is disabled.
    """
    frames, offsets = graph.frames, graph.offsets
    probabilities = np.full((len(objects), graph.n), NEUTRAL, np.float32)
    if settings.enabled:
        settings = settings.for_objects(len(objects))
        model = fit_label_model(graph, node_labels, settings)

        def classify(t: int) -> None:
            probability = model(label_model_inputs(frames[t], settings), objects)
            probabilities[:, offsets[t] : offsets[t + 1]] = probability.T

        with single_threaded_blas(), ThreadPoolExecutor(cores()) as pool:
            list(pool.map(classify, span))
    return dict(zip(objects, probabilities, strict=True))
