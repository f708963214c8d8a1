"""Data types of a project: the video, objects, drawings, rounds and their history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from napari_gnn_vos.structures.canvas import Canvas
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Prediction

CanvasKind = Literal["brush", "accepted"]
Canvases = Mapping[tuple[CanvasKind, int], Canvas]


@dataclass(frozen=True, slots=True)
class VideoReference:
    """Location of a video, and what identifies it.

    Parameters
    ----------
    name : str
    shape : (int, int, int)
        T, H and W.
    absolute : str
        Path when the project was saved; empty for an array without a file.
    relative : str
        The same path relative to the folder that contains the project, with ``/``.
    fingerprint : str
        Hash of the content that does not depend on the path; empty if unknown.
    """

    name: str
    shape: tuple[int, int, int]
    absolute: str = ""
    relative: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ProjectObject:
    """An entry of the list of objects.

    Parameters
    ----------
    label : int
        1 to `MAX_LABEL`.
    name : str
        Empty for the default name.
    colour : str
        ``#rrggbb``.
    locked, hidden : bool
    absent : tuple of int
        Frames in which it is annotated as absent.
    """

    label: int
    name: str = ""
    colour: str = ""
    locked: bool = False
    hidden: bool = False
    absent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedObjects:
    """The list of objects.

    Parameters
    ----------
    objects : tuple of ProjectObject
        In the order of the list.
    solo : int or None
        The only object that is shown.
    """

    objects: tuple[ProjectObject, ...] = ()
    solo: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DrawingState:
    """All strokes at one position of the log.

    Parameters
    ----------
    canvases : mapping of (kind, frame) to (H, W) ndarray of uint8 or uint16
        ``"brush"`` or ``"accepted"``; with the values of `structures.canvas`.
    lines : tuple of Scribble
        Paths, oldest first.
    """

    canvases: Canvases = field(default_factory=dict)
    lines: tuple[Scribble, ...] = ()

    def of_kind(self, kind: CanvasKind) -> dict[int, Canvas]:
        """Return the canvases of a kind by frame."""
        return {t: canvas for (k, t), canvas in self.canvases.items() if k == kind}


@dataclass(frozen=True, slots=True, eq=False)
class SavedRound:
    """A round of prediction.

    Parameters
    ----------
    number : int
        1 for the first round after the preparation.
    parent : int
        Index of the round that it continues; -1 for the prepared video.
    scribbles : tuple of Scribble
        Its strokes.
    constraints : Constraints
        What it must not change.
    """

    number: int
    parent: int
    scribbles: tuple[Scribble, ...]
    constraints: Constraints = field(default_factory=Constraints)


@dataclass(frozen=True, slots=True)
class SavedEntry:
    """An entry of the undo history.

    Parameters
    ----------
    round_index : int
        Index of the round whose prediction is shown; -1 for none.
    drawing, predicted : int
        Positions in the log: of the drawing after the action, and of the drawing that
        was predicted from.
    before : int or None
        Position of the drawing before the action, if the action changed it.
    action : str
        Name of the action.
    tables : (int, int) or None
        Positions of the lists of objects before and after the action, if it changed
        them.
    """

    round_index: int
    drawing: int
    predicted: int
    before: int | None = None
    action: str = ""
    tables: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SavedHistory:
    """The undo history.

    Parameters
    ----------
    entries : tuple of SavedEntry
        Oldest first, followed by the undone entries in the order of redo.
    current : int
        Index of the current entry.
    """

    entries: tuple[SavedEntry, ...] = ()
    current: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SavedPrediction:
    """The result of a round.

    Parameters
    ----------
    prediction : Prediction
    labels : LabelFrames
        (T, H, W).
    """

    prediction: Prediction
    labels: LabelFrames
