"""All that a round's strokes say of every superpixel, before the network looks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.interact.fit_label_model import fit_label_model, label_model_inputs
from napari_gnn_vos.interact.harmonic import diffuse
from napari_gnn_vos.interact.node_inputs import node_inputs
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.session import Prediction
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known of N superpixels.

    Parameters
    ----------
    node_labels : SuperpixelLabels
        Drawn and spread seeds.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of every frame, then N.
    objects : tuple of int
        Labels that are drawn, without background.
    label_model, harmonic, previous : dict of int to (N,) ndarray of float32
        Probabilities of every object.
    """

    node_labels: SuperpixelLabels
    offsets: NDArray[np.int64]
    objects: tuple[int, ...]
    label_model: dict[int, F32]
    harmonic: dict[int, F32]
    previous: dict[int, F32]

    def rows(self, t: int) -> slice:
        """Rows of the superpixels of frame `t`."""
        return slice(int(self.offsets[t]), int(self.offsets[t + 1]))

    def inputs(self, t: int) -> F32:
        """Columns for the network, of frame `t`, (K, n, 8) for K objects."""
        rows = self.rows(t)
        node_labels = self.node_labels.take(rows)
        tables = []
        for label in self.objects:
            probabilities = {
                "label_model": self.label_model[label][rows],
                "harmonic": self.harmonic[label][rows],
                "previous": self.previous[label][rows],
            }
            tables.append(node_inputs(node_labels, label, probabilities))
        return np.stack(tables)


def gather_evidence(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    previous: Prediction | None,
    settings: LabelModelSettings,
    span: range | None = None,
) -> Evidence:
    """Fit the label model, diffuse, and recall the last answer.

    Parameters
    ----------
    graph : VideoGraph
    node_labels : SuperpixelLabels
        Of its superpixels.
    previous : Prediction, optional
        The last round's answer.
    settings : LabelModelSettings
    span : range, optional
        Frames to gather it for; all if not given. Nothing is known of the others.

    Returns
    -------
    evidence : Evidence
    """
    first, span = graph.offsets, span or range(graph.shape[0])
    objects = tuple(int(k) for k in np.unique(node_labels.drawn) if k > 0)
    appearance_probability = label_model_probabilities(
        graph, node_labels, objects, settings, span
    )
    diffused = diffuse(graph, node_labels, appearance_probability, span)
    recalled = {
        label: previous_probability(previous, label, graph.n) for label in objects
    }
    return Evidence(
        node_labels, first, objects, appearance_probability, diffused, recalled
    )


def label_model_probabilities(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    objects: tuple[int, ...],
    settings: LabelModelSettings,
    span: range,
) -> dict[int, F32]:
    """Probability of every object by the label model, (N,).

    One half without a label model, and outside the frames of `span`.
    """
    frames, first = graph.frames, graph.offsets
    probabilities = np.full((len(objects), graph.n), 0.5, np.float32)
    if settings.enabled:
        model = fit_label_model(graph, node_labels, settings)

        def look(t: int) -> None:
            found = model(label_model_inputs(frames[t], settings), objects)
            probabilities[:, first[t] : first[t + 1]] = found.T

        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(look, span))
    return dict(zip(objects, probabilities, strict=True))


def previous_probability(previous: Prediction | None, label: int, n: int) -> F32:
    """Probability of a label in the last answer, (N,); one half if there is none."""
    if previous is None or label not in previous.objects:
        return np.full(n, 0.5, np.float32)
    column = 1 + previous.objects.index(label)
    return np.concatenate([frame[:, column] for frame in previous.probability])
