"""Baselines that predict from the same node inputs as the network.

Each is a `PredictionRule`; `WholeVideoModel` adapts it to the `Model` protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from napari_gnn_vos.engine import Model
from napari_gnn_vos.structures.feature_names import column
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video_graph import VideoGraph, WindowGraph
from napari_gnn_vos.study.graph_cut import graph_cut

F32 = NDArray[np.float32]
PredictionRule = Callable[[WindowGraph, F32], F32]
"""Map a graph of N superpixels and (K, N, 8) node inputs of K objects to (K, N)
one-vs-rest probabilities."""


@dataclass(frozen=True, slots=True)
class WholeVideoModel:
    """Apply a prediction rule to the graph of the whole video at once.

    Parameters
    ----------
    rule : PredictionRule
    """

    rule: PredictionRule

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Yield probabilities per frame, see `engine.Model`."""
        window = graph.window()
        inputs = np.concatenate([node_inputs(t) for t in range(graph.shape[0])], axis=1)
        parts = np.split(self.rule(window, inputs), window.offsets[1:-1], axis=1)
        yield from parts[frames.start : frames.stop]


def _probability(inputs: F32, name: str) -> F32:
    """Rescale an input column from [-1, 1] to a probability."""
    return np.asarray((column(inputs, name) + 1) / 2, np.float32)


def label_model_baseline(graph: WindowGraph, inputs: F32) -> F32:  # noqa: ARG001 - a PredictionRule
    """Predict the probability of the label model."""
    return _probability(inputs, "label_model")


def harmonic_baseline(graph: WindowGraph, inputs: F32) -> F32:  # noqa: ARG001 - a PredictionRule
    """Predict the harmonic labelling with the label model as prior."""
    return _probability(inputs, "harmonic")


def nearest_seed_baseline(graph: WindowGraph, inputs: F32) -> F32:
    """Predict the label of the nearest seed by graph distance in colour."""
    column_of = graph.edge_features.names.index
    colour_distance = graph.edge_features.values[
        :, column_of("delta_l") : column_of("delta_b") + 1
    ]
    n = inputs.shape[1]
    incoming = csr_array(
        (0.05 + colour_distance.sum(axis=1), tuple(graph.edge_index)), (n, n)
    )
    to_target, to_rest = (
        np.stack([_distance_to_seeds(incoming, seeds) for seeds in is_seed])
        for is_seed in (_is_seed(inputs, "target"), _is_seed(inputs, "rest"))
    )
    margin = np.clip(to_rest - to_target, -30, 30)
    return np.asarray(1 / (1 + np.exp(-margin)), np.float32)


def _is_seed(inputs: F32, side: str) -> NDArray[np.bool_]:
    """Mark the nodes with a drawn or propagated seed of the target or the rest."""
    seeds = column(inputs, f"drawn_{side}") + column(inputs, f"propagated_{side}")
    return np.asarray(seeds > 0)


def _distance_to_seeds(
    incoming: csr_array, is_seed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Compute the shortest-path distance to the nearest seed; 1e9 without seeds."""
    distance, seeds = np.full(incoming.shape[0], np.inf), np.flatnonzero(is_seed)
    if len(seeds):
        distance = dijkstra(incoming, indices=seeds, min_only=True)
    return np.minimum(distance, 1e9)


@dataclass(frozen=True, slots=True, eq=False)
class LabelModelRecorder:
    """Record the label model's probabilities while another model predicts.

    Parameters
    ----------
    model : Model
    recorded : dict of int to (K, n) ndarray of float32
        One-vs-rest probabilities per frame, filled during prediction. Of several passes
        over a frame, the last one is kept.
    """

    model: Model
    recorded: dict[int, F32] = field(default_factory=dict)

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Yield probabilities of the model per frame, see `engine.Model`."""

        def record(t: int) -> F32:
            inputs = node_inputs(t)
            self.recorded[t] = _probability(inputs, "label_model")
            return inputs

        return self.model(graph, record, frames)

    def __str__(self) -> str:
        """Name the model that predicts."""
        return str(self.model)

    def labels(self, session: Session) -> NDArray[np.uint8]:
        """Label all superpixels by the recorded probabilities alone.

        Parameters
        ----------
        session : Session
            After prediction with this model.

        Returns
        -------
        labels : (T, H, W) ndarray of uint8
            The object of highest probability per superpixel, background where none
            exceeds one half. Labels are constant per superpixel; strokes are not
            enforced.

        Raises
        ------
        ValueError
            If the session has no prediction.
        """
        if session.prediction is None:
            raise ValueError("The label model is recorded by a prediction; run one.")
        objects, grouped = session.prediction.objects, session.prediction.grouped
        # objects that were predicted as one are recorded under the first of them
        recorded = [k for k in objects if k not in grouped[1:]]
        names = np.array([0, *recorded], np.uint8)
        out = np.zeros(session.graph.shape, np.uint8)
        for t, frame in enumerate(session.graph.frames):
            p = self.recorded[t]
            best = np.where(p.max(axis=0) > 0.5, 1 + p.argmax(axis=0), 0)
            out[t] = names[best][frame.labels]
        return out


BASELINES: dict[str, PredictionRule] = {
    "nearest seed": nearest_seed_baseline,
    "label model alone": label_model_baseline,
    "label model + harmonic labelling": harmonic_baseline,
    "label model + graph cut": graph_cut,
}
