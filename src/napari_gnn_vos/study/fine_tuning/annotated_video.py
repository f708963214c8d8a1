"""Videos with label images on some frames, from projects or from files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import file_path, instance, validated, wrong_type
from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.project import Project
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.parts import is_project
from napari_gnn_vos.io.project.video_reference import find_video
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.storage import refuse_special_file
from napari_gnn_vos.structures.canvas import compact, labels_of
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import MAX_LABEL
from napari_gnn_vos.structures.video import Video

Mask = NDArray[np.uint8 | np.uint16]
SEPARATOR = "="
"""Separator of the paths of a video and its labels."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedVideo:
    """A video with label images on some of its frames.

    Parameters
    ----------
    video : Video
    masks : mapping of int to (H, W) ndarray of uint8 or uint16
        Accepted or corrected labels by frame; 0 is background.

    Raises
    ------
    ShapeError
        If a label image has another size than the frames.
    ArgumentError
        If an argument has a wrong type.
    """

    video: Video
    masks: Mapping[int, Mask]

    def __post_init__(self) -> None:
        instance(Video, advice="Open it with read_video.")("video", self.video)
        if not (
            hasattr(self.masks, "values")
            and all(isinstance(t, (int, np.integer)) for t in self.masks)
            and all(isinstance(mask, np.ndarray) for mask in self.masks.values())
        ):
            advice = "Give label images (H, W) by the number of their frame."
            raise wrong_type("masks", "a mapping of arrays", self.masks, advice)
        size = self.video.shape[1:]
        wrong = [mask.shape for mask in self.masks.values() if mask.shape != size]
        if wrong:
            raise ShapeError(
                f"Labels of {self.video.name!r} must have the size of its frames, "
                f"{size}; got {wrong[0]}. Choose the labels of this video."
            )

    @property
    def labelled(self) -> tuple[int, ...]:
        """Frames with a label image, ascending."""
        return tuple(sorted(self.masks))


@validated(source=file_path)
def read_annotated_video(source: str) -> AnnotatedVideo:
    """Read a project, or a video with its labels.

    Parameters
    ----------
    source : str
        Path of a project, or paths of a video and of its labels in any format of
        `io.formats.registry`, with ``=`` between them.

    Raises
    ------
    ReadError
        If a file is missing or damaged, or has no labelled frame.
    ShapeError
        If the labels do not match the video.
    """
    refuse_special_file(Path(source))
    if is_project(Path(source)):
        project = Project.open(source)
        path = find_video(project.video, Path(source))
        if path is None:
            raise ReadError(
                f"{source}: the video {project.video.name!r} of the project is not "
                "found. Move it beside the project."
            )
        return require_labels(AnnotatedVideo(read_video(path), project_masks(project)))
    video, separator, labels = source.rpartition(SEPARATOR)
    if not separator:
        raise ReadError(
            "Expected a project, or VIDEO=LABELS, which are a video and its labels; "
            f"{source} is neither. Check the path."
        )
    frames = read_video(Path(video))
    return require_labels(AnnotatedVideo(frames, _file_masks(Path(labels), frames)))


def require_labels(annotated: AnnotatedVideo) -> AnnotatedVideo:
    """Check that a video has a labelled frame, and return it.

    Raises
    ------
    ReadError
        If it has none.
    """
    if annotated.masks:
        return annotated
    raise ReadError(
        f"Expected accepted or corrected frames of {annotated.video.name!r}; there are "
        "none. Accept the frames whose labels are right, in the window or in its "
        "project."
    )


def collect_masks(
    accepted: Mapping[int, Mask],
    labels: LabelFrames | None,
    corrected: Collection[int],
) -> dict[int, Mask]:
    """Gather the label images that the user has accepted or corrected.

    Parameters
    ----------
    accepted : mapping of int to (H, W) ndarray of uint8 or uint16
        Accepted frames, with the values of `structures.canvas`.
    labels : LabelFrames or None
        Prediction that contains the corrections.
    corrected : collection of int
        Frames that were corrected after the first round.

    Returns
    -------
    masks : dict of int to (H, W) ndarray of uint8 or uint16
        Of frames with an object.
    """
    masks = {}
    if labels is not None:
        masks = {t: checked_mask(labels.frame(t)) for t in corrected}
    for t, canvas in accepted.items():
        masks[t] = labels_of(canvas)
    return {t: mask for t, mask in masks.items() if mask.any()}


def project_masks(project: Project) -> dict[int, Mask]:
    """Gather the label images that the user of a project has accepted or corrected."""
    log, labels = project.log, None
    index = _current_round(log)
    if index in project.predictions:
        labels = project.predictions[index].labels
    accepted = log.drawing.of_kind("accepted")
    return collect_masks(accepted, labels, _corrected(log, index))


def _current_round(log: ProjectLog) -> int:
    """Return the index of the round whose prediction is shown; -1 if there is none."""
    entries = log.history.entries
    return entries[log.history.current].round_index if entries else -1


def _corrected(log: ProjectLog, index: int) -> set[int]:
    """Collect the frames with strokes of rounds after the first."""
    frames: set[int] = set()
    while index >= 0 and log.rounds[index].number > 1:
        frames |= {scribble.frame for scribble in log.rounds[index].scribbles}
        index = log.rounds[index].parent
    return frames


def _file_masks(path: Path, video: Video) -> dict[int, Mask]:
    """Read the label images of a file; frames without an object are not labelled."""
    masks = {}
    for t, labels in enumerate(import_labels(path).masks()):
        if t >= video.shape[0]:
            raise ShapeError(
                f"{path} has labels for more than the {video.shape[0]} frames of the "
                "video. Choose the labels of this video."
            )
        if labels.any():
            masks[t] = checked_mask(labels)
    return masks


def checked_mask(labels: NDArray[Any]) -> Mask:
    """Return a label image in 8 or 16 bits.

    Raises
    ------
    ShapeError
        If there are larger labels than `MAX_LABEL`.
    """
    if int(labels.max(initial=0)) > MAX_LABEL:
        raise ShapeError(
            f"Fine-tuning uses labels up to {MAX_LABEL}; a label image has "
            f"{labels.max()}. Renumber the objects."
        )
    return compact(labels)
