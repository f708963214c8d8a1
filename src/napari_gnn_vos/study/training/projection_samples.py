"""Samples to train the feature projection: superpixels of videos with ground truth."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_model import (
    LabelSamples,
    label_model_inputs,
    label_model_weights,
    label_samples,
)
from napari_gnn_vos.interact.superpixel_labels import label_superpixels
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.rounds import StrokesOnFrames, run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from napari_gnn_vos.study.training.samples import targets

F32 = NDArray[np.float32]
SETTINGS = LabelModelSettings(projection="").for_objects(1)
"""Settings of the label model whose samples are gathered."""
ROUNDS = 4
"""Rounds of the simulated sessions."""


@dataclass(frozen=True, slots=True, eq=False)
class ProjectionSamples:
    """Superpixels of a video, and the samples of the label model in simulated rounds.

    Parameters
    ----------
    inputs : (N, C) ndarray of float16
        `label_model_inputs` of all superpixels whose label is known.
    share : (N,) ndarray of float32
        Share of their pixels that belong to the object.
    size : (N,) ndarray of float32
        Number of their pixels.
    column_weights : (C,) ndarray of float32
    rounds : tuple of LabelSamples
    """

    inputs: NDArray[np.float16]
    share: F32
    size: F32
    column_weights: F32
    rounds: tuple[LabelSamples, ...]

    def write(self, path: Path) -> None:
        """Write the samples to an ``.npz`` file."""
        arrays = {
            f"{field.name}{number}": getattr(samples, field.name)
            for number, samples in enumerate(self.rounds)
            for field in fields(samples)
        }
        for name in ("inputs", "share", "size", "column_weights"):
            arrays[name] = getattr(self, name)
        atomic_write(path, lambda file: np.savez(file, **arrays))

    @classmethod
    def read(cls, path: Path) -> ProjectionSamples:
        """Read the file of samples that `write` creates."""
        with np.load(path, allow_pickle=False) as file:
            count = sum(name.startswith("labels") for name in file.files)
            rounds = tuple(
                LabelSamples(*(file[f"{f.name}{k}"] for f in fields(LabelSamples)))
                for k in range(count)
            )
            names = ("inputs", "share", "size", "column_weights")
            arrays = {name: file[name] for name in names}
        return cls(**arrays, rounds=rounds)


def collect_projection_samples(
    video: LabelledVideo, rng: Generator
) -> ProjectionSamples:
    """Gather the samples of two simulated sessions of one object.

    The sessions are predicted by the harmonic labelling, so that no network influences
    the strokes. In one of them frames and strokes vary at random.

    Parameters
    ----------
    video : LabelledVideo
        Without refinement of boundaries, for speed.
    rng : numpy.random.Generator
    """
    truth = (video.truth > 0).astype(np.uint8)
    video = replace(video, truth=truth)
    model, rounds = WholeVideoModel(harmonic_baseline), []
    for vary in (False, True):
        annotator = StrokesOnFrames(SimulatedAnnotator(vary), video.labelled_frames)
        steps = run_rounds(
            video.session, truth, annotator, model, rounds=ROUNDS, rng=rng
        )
        rounds += [_label_samples(session) for session, _ in steps]
    graph = video.session.graph
    shares, size = targets(video.session, video)
    inputs = [label_model_inputs(frame, SETTINGS) for frame in graph.frames]
    all_inputs = np.concatenate(inputs).astype(np.float16)
    is_labelled = ~np.isnan(shares[1])
    superpixels = all_inputs[is_labelled], shares[1][is_labelled], size[is_labelled]
    return ProjectionSamples(*superpixels, _column_weights(graph), tuple(rounds))


def _column_weights(graph: VideoGraph) -> F32:
    columns = graph.frames[0].appearance.shape[1]
    return label_model_weights(columns, graph.node_feature_names, SETTINGS)


def _label_samples(session: Session) -> LabelSamples:
    """Gather the samples of the label model after a round."""
    graph = session.graph
    points = session.painted_pixels, session.drawn_seeds, session.propagated_seeds
    node_labels = label_superpixels(graph.frames, graph.offsets, *points)
    return label_samples(graph, node_labels, SETTINGS)
