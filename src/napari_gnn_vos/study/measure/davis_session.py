"""Annotation session of the `davisinteractive` package on one video."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_gnn_vos.io.davis_scribbles import scribbles_from_davis
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.measure.official_package import official, registered_sequences
from napari_gnn_vos.study.metrics import objects_of
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
SUBSET = "val"
"""Subset name that the package accepts."""
ABSENT_LABEL = 255
"""Label that is neither background nor an object of the video."""


@dataclass(frozen=True, slots=True, eq=False)
class DavisSession:
    """Annotation session of the `davisinteractive` package on one video.

    Parameters
    ----------
    session : davisinteractive.session.DavisInteractiveSession
    sequence : dict of str to (int, int, int, int)
        The video's name, and its T, H, W and K.
    objects : tuple of K int
        Our labels of the package's objects 1 .. K.
    """

    session: Any
    sequence: dict[str, tuple[int, ...]]
    objects: tuple[int, ...]

    @classmethod
    def open(
        cls,
        folder: Path,
        labelled_video: LabelledVideo,
        rounds: int,
        robot_begins: bool = True,
    ) -> DavisSession:
        """Open a session on a video.

        Parameters
        ----------
        folder : Path
            Empty folder, from which the package reads truth and first strokes.
        labelled_video : LabelledVideo
            Its truth contains an object.
        rounds : int
        robot_begins : bool
            Whether the robot of the package draws the strokes of the first round.
        """
        objects = objects_of(labelled_video.truth)
        truth = _renumber_objects(labelled_video.truth, objects)
        name = labelled_video.session.video.name
        sequence = {name: (*truth.shape, len(objects))}
        with registered_sequences(sequence, SUBSET):
            first = _first_strokes(name, truth) if robot_begins else [[] for _ in truth]
            _write(folder, name, truth, first)
            session = official("session").DavisInteractiveSession(
                user_key="robot",
                davis_root=folder,
                subset=SUBSET,
                max_nb_interactions=rounds,
                report_save_dir=folder,
            )
            session.max_nb_interactions = rounds  # the constructor limits it to 16
            return cls(session.__enter__(), sequence, objects)

    def strokes(self) -> tuple[Scribble, ...]:
        """Start a round and return the scribbles of the package's robot."""
        ((t, h, w, _),) = self.sequence.values()
        with registered_sequences(self.sequence, SUBSET):
            self.session.next()
            _, scribbles, _ = self.session.get_scribbles(only_last=True)
        return tuple(
            Scribble(stroke.frame, (0, *self.objects)[stroke.label], stroke.path)
            for stroke in scribbles_from_davis(scribbles, (t, h, w))
        )

    def score(self, labels: U8) -> tuple[F64, F64]:
        """Finish a round: score (T, H, W) labels; returns J and F, both (T, K)."""
        ((t, _, _, k),) = self.sequence.values()
        with registered_sequences(self.sequence, SUBSET):
            self.session.submit_masks(_renumber_objects(labels, self.objects))
            newest = self.session.get_report().tail(t * k)
        j, f = (newest[name].to_numpy(float) for name in ("jaccard", "contour"))
        return j.reshape(t, k), f.reshape(t, k)


def _renumber_objects(labels: U8, objects: Sequence[int]) -> U8:
    """Renumber objects to 1 .. K and set all other labels to 0."""
    number = np.zeros(256, np.uint8)
    number[list(objects)] = np.arange(1, len(objects) + 1)
    return np.asarray(number[labels])


def _first_strokes(name: str, truth: U8) -> list[Any]:
    """Draw first-round scribbles with the package's robot, in its format."""
    strokes = SimulatedAnnotator()(None, truth, np.random.default_rng(0))
    frame = strokes[0].frame if strokes else 0
    service = official("evaluation.service")
    annotator = service.InteractiveScribblesRobot(**service.ROBOT_DEFAULT_PARAMETERS)
    unlabelled = np.full_like(truth, ABSENT_LABEL)
    drawn = annotator.interact(name, unlabelled, truth, int(truth.max()), frame)
    return list(drawn["scribbles"])


def _write(root: Path, name: str, truth: U8, strokes: list[Any]) -> None:
    """Write ground truth and first scribbles in the folder layout of the package."""
    masks, drawn = root / "Annotations" / "480p" / name, root / "Scribbles" / name
    masks.mkdir(parents=True)
    drawn.mkdir(parents=True)
    for t, mask in enumerate(truth):
        Image.fromarray(mask).save(masks / f"{t:05d}.png")
    scribbles = {"sequence": name, "scribbles": strokes}
    (drawn / "001.json").write_text(json.dumps(scribbles), "utf-8")
