"""A session: the graph of a video, its annotation and the prediction.

Sessions are immutable. `annotate` and `predict` return a new session, so the previous
one serves as the undo step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import instance
from napari_gnn_vos.config import Config
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.structures.working_video import (
    reduce_painted_pixels,
    reduced_video,
)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Predicted probabilities of all superpixels in one round.

    Parameters
    ----------
    objects : tuple of K - 1 int
        Labels of the objects, ascending; column 0 is background.
    probability : tuple of T (n, K) ndarray of float32
        Per frame; rows sum to 1.
    expected_j : (T, K - 1) ndarray of float32
        Expected intersection over union of the mask of each object with the object,
        from the probabilities; corrected by `interact.uncertainty.calibrate`.
    model : str
        Name of the model, and of the device that it ran on.
    refined : tuple of T (n, K) ndarray of float32
        Mean probability of the pixels of each superpixel after the boundaries were
        decoded; empty if they were not.
    grouped : tuple of int
        Objects that were predicted as one, see `interact.similar_objects`.
    superpixels_split : bool
        Whether the superpixels were split along its boundaries after the prediction,
        see `engine.split_at_boundaries`.
    """

    objects: tuple[int, ...]
    probability: tuple[NDArray[np.float32], ...]
    expected_j: NDArray[np.float32]
    model: str = ""
    refined: tuple[NDArray[np.float32], ...] = ()
    grouped: tuple[int, ...] = ()
    superpixels_split: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A video with its graph, annotation and prediction after some round.

    Parameters
    ----------
    video : Video
        T frames of H x W pixels.
    graph : VideoGraph
        Its superpixel graph; superpixels with strokes of several labels are split.
        Frames of a large video are reduced, see `structures.working_video`.
    config : Config
        Settings of the session.
    rounds : tuple of tuple of Scribble
        Strokes of each round, oldest first.
    painted_pixels : PaintedPixels
        Pixels of the video that are labelled by strokes, after newer strokes have
        replaced older ones.
    drawn_seeds, propagated_seeds : Seeds
        Points sampled from strokes, and their positions on other frames by optical
        flow, in pixels of the graph.
    constraints : tuple of Constraints
        Constraints of each round, oldest first. While a round is predicted, its
        constraints are the last.
    prediction : Prediction, optional
        The latest prediction; None before the first.
    packed_labels : LabelFrames, optional
        Most probable label of each pixel, refined along image edges; compressed.
    """

    video: Video
    graph: VideoGraph
    config: Config = field(default_factory=Config)
    rounds: tuple[tuple[Scribble, ...], ...] = ()
    painted_pixels: PaintedPixels = field(default_factory=PaintedPixels.empty)
    drawn_seeds: Seeds = field(default_factory=Seeds.empty)
    propagated_seeds: Seeds = field(default_factory=Seeds.empty)
    constraints: tuple[Constraints, ...] = ()
    prediction: Prediction | None = None
    packed_labels: LabelFrames | None = None

    @property
    def working_video(self) -> Video:
        """The video at the resolution of the graph."""
        return reduced_video(self.video, self.graph.shape)

    @property
    def graph_pixels(self) -> PaintedPixels:
        """The painted pixels at the resolution of the graph."""
        return reduce_painted_pixels(
            self.painted_pixels, self.video.shape, self.graph.shape
        )

    @property
    def corrected_frames(self) -> set[int]:
        """Frames with strokes of rounds after the first."""
        later = self.rounds[1:]
        return {scribble.frame for scribbles in later for scribble in scribbles}

    @property
    def reviewed_frames(self) -> set[int]:
        """Frames that were corrected before the last prediction, but not after it."""
        frames = [{stroke.frame for stroke in strokes} for strokes in self.rounds]
        return set().union(*frames[1:-1]) - set().union(*frames[-1:])

    @property
    def labels(self) -> NDArray[np.uint8] | None:
        """Most probable label of each pixel, (T, H, W); None before a prediction.

        Each access decompresses all frames into a new array.
        """
        return None if self.packed_labels is None else np.array(self.packed_labels)

    painted = renamed_attribute("painted", "packed_labels")
    ink = renamed_attribute("ink", "painted_pixels")
    drawn = renamed_attribute("drawn", "drawn_seeds")
    spread = renamed_attribute("spread", "propagated_seeds")


SESSION = instance(Session, advice="Run start() to its end with drain() first.")
"""Check of an argument that is a session."""
