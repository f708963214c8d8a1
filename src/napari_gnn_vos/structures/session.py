"""A session: a video's graph, what was drawn on it, and the answer.

A session is a value. Every verb returns a new one, so undo is the previous one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Config
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The answer of a round for every superpixel.

    Parameters
    ----------
    objects : tuple of K - 1 int
        Labels of the objects, rising; column 0 is background.
    probability : tuple of T (n, K) ndarray of float32
        For every frame; rows sum to 1.
    expected_j : (T, K - 1) ndarray of float32
        Intersection over union that every object's mask may be expected to have, if
        its probabilities are right. They are too sure: compare frames by it only.
    model : str
        What has answered, and on what it has run.
    refined : tuple of T (n, K) ndarray of float32
        Mean probability of the pixels of each superpixel after refinement of the
        boundary; empty if it was not refined.
    """

    objects: tuple[int, ...]
    probability: tuple[NDArray[np.float32], ...]
    expected_j: NDArray[np.float32]
    model: str = ""
    refined: tuple[NDArray[np.float32], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """Everything known about a video at one moment.

    Parameters
    ----------
    video : Video
        T frames of H x W pixels.
    graph : VideoGraph
        Its superpixels; those hit by several labels have been split.
    config : Config
        Settings of the session.
    rounds : tuple of tuple of Scribble
        Strokes of every round, oldest first.
    painted_pixels : PaintedPixels
        What is drawn at present, after newer strokes have covered older ones.
    drawn_seeds, propagated_seeds : Seeds
        Points sampled from strokes, and where flow has carried them.
    prediction : Prediction, optional
        The last answer; None before the first.
    packed_labels : LabelFrames, optional
        The likeliest label of every pixel, refined along image edges; packed.
    """

    video: Video
    graph: VideoGraph
    config: Config = field(default_factory=Config)
    rounds: tuple[tuple[Scribble, ...], ...] = ()
    painted_pixels: PaintedPixels = field(default_factory=PaintedPixels.none)
    drawn_seeds: Seeds = field(default_factory=Seeds.none)
    propagated_seeds: Seeds = field(default_factory=Seeds.none)
    prediction: Prediction | None = None
    packed_labels: LabelFrames | None = None

    @property
    def labels(self) -> NDArray[np.uint8] | None:
        """The likeliest label of every pixel, (T, H, W); None before the first answer.

        A new array with every call: keep it if it is needed more than once.
        """
        return None if self.packed_labels is None else np.array(self.packed_labels)
