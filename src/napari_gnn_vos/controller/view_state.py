"""Active label and tool, and the state that the widgets show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from psygnal import Signal

from napari_gnn_vos.config import Quality
from napari_gnn_vos.controller.label_statistics import (
    NO_STATISTICS,
    LabelStatistics,
)
from napari_gnn_vos.controller.messages import describe_time_left
from napari_gnn_vos.controller.object_table import ObjectStore, ObjectTable
from napari_gnn_vos.controller.palette import LAST_OBJECT
from napari_gnn_vos.controller.ranges import RangeEnds, frames_between
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.progress import Progress
from napari_gnn_vos.structures.scribbles import BACKGROUND

Tool = Literal["brush", "lines", "superpixels"]
ACCURATE = 0.1
"""Largest uncertainty of a prediction that is called accurate."""
MAX_ADDED = 100
"""Largest number of objects that are added to the list at once."""


class ActiveLabel:
    """Active label and tool, and the table of objects.

    Attributes
    ----------
    label : int
        Label that is drawn next; 0 is background.
    tool : {"brush", "lines", "superpixels"}
        Tool that draws it.
    """

    changed = Signal()  # a label or a tool was activated
    table_changed = Signal()

    def __init__(self) -> None:
        self._store = ObjectStore()
        self.label = 1
        self.tool: Tool = "brush"

    @property
    def table(self) -> ObjectTable:
        """The objects of the open video."""
        return self._store.table

    @table.setter
    def table(self, table: ObjectTable) -> None:
        labels = self._store.table.labels
        row = labels.index(self.label) if self.label in labels else len(labels)
        self._store.table = table
        if self.label not in table.labels:
            self.label = table.labels[min(row, len(table.labels) - 1)]
            self.changed.emit()
        self.table_changed.emit()

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels in the order of the list; background is first."""
        return self.table.labels

    def name_of(self, label: int) -> str:
        """Return the name of a label."""
        return self.table.name_of(label)

    def open(self, store: ObjectStore) -> None:
        """Use the table of another video; the active label is kept if it is listed."""
        self._store = store
        if self.label not in self.labels:
            self.label = self.labels[-1]
        self.table_changed.emit()

    def choose(self, label: int, tool: Tool | None = None) -> None:
        """Activate a label, which is added to the list, and optionally a tool.

        Up to 100 missing numbers below `label` are added, too.

        Raises
        ------
        ScribbleError
            If `label` is out of range.
        """
        if not BACKGROUND <= label <= LAST_OBJECT:
            raise ScribbleError(
                f"Objects are numbered 1 to {LAST_OBJECT}, and 0 is background; "
                f"{label} is neither. Choose one of these."
            )
        if label not in self.labels:
            missing = range(max(self.labels) + 1, label + 1)
            few = 0 < len(missing) <= MAX_ADDED
            self._store.table = self.table.with_labels(missing if few else [label])
            self.table_changed.emit()
        self.label, self.tool = label, tool or self.tool
        self.changed.emit()

    def list_objects(self, labels: Iterable[int]) -> None:
        """Insert objects into the list; none is removed."""
        self._store.table = self.table.with_labels(labels)
        self.table_changed.emit()
        self.changed.emit()

    def step(self, by: int) -> None:
        """Activate the label `by` places further in the list, cyclically."""
        row = self.labels.index(self.label) + by
        self.choose(self.labels[row % len(self.labels)])


@dataclass(frozen=True, slots=True)
class ViewState:
    """State of an annotation that the widgets show, as an immutable value.

    The controller computes it after every change. Widgets draw it, and call the
    annotator to change anything.

    Parameters
    ----------
    image : object or None
        Image layer that is annotated.
    images_available : bool
        Whether the viewer has image layers to choose from.
    busy : bool
        Whether a job is running.
    predicting : bool
        Whether the running job is a round; actions on the drawing drop it.
    prepared : bool
        Whether the video is prepared.
    rounds : int
        Number of rounds of the current prediction.
    unpredicted : bool
        Whether strokes were drawn, or another model chosen, since the last round.
    frames : int
        Number of frames of the video.
    requirements : str
        Expected time and memory of the preparation; empty without a video.
    uncertainty : tuple of float
        Uncertainty of each predicted frame, in [0, 1]; empty before the first round.
    statistics : LabelStatistics
        Statistics of the prediction; empty until they are computed.
    drawn : tuple of int
        Frames whose strokes the prediction was made from, ascending.
    accepted : tuple of int
        Accepted frames, ascending.
    marks : (int or None, int or None)
        In and out mark.
    can_undo, can_redo : bool
    table : ObjectTable
        The objects in the order of their list.
    active_label : int
        Label that is drawn next.
    tool : {"brush", "lines", "superpixels"}
        Tool that draws it.
    tool_active : bool
        Whether the mouse draws with the tool.
    comparing : bool
        Whether the labels of the previous round are shown.
    auto_predict : bool
        Whether every stroke is followed by a prediction.
    quality : {"fast", "balanced", "best"}
        Quality of the prepared video; before, that of the next preparation.
    model : str
        Network and device of the current prediction, or empty.
    message : str
        Last message about the work.
    progress : Progress or None
        Last step of the running job.
    seconds_left : float or None
        Estimated time until the running job ends.
    """

    image: object | None = None
    images_available: bool = False
    busy: bool = False
    predicting: bool = False
    prepared: bool = False
    rounds: int = 0
    unpredicted: bool = False
    frames: int = 0
    requirements: str = ""
    uncertainty: tuple[float, ...] = ()
    statistics: LabelStatistics = NO_STATISTICS
    drawn: tuple[int, ...] = ()
    accepted: tuple[int, ...] = ()
    marks: RangeEnds = (None, None)
    can_undo: bool = False
    can_redo: bool = False
    table: ObjectTable = field(default_factory=ObjectTable)
    active_label: int = 0
    tool: Tool = "brush"
    tool_active: bool = False
    comparing: bool = False
    auto_predict: bool = False
    quality: Quality = "balanced"
    model: str = ""
    message: str = ""
    progress: Progress | None = None
    seconds_left: float | None = None

    @property
    def without_progress(self) -> ViewState:
        """The state without the values that change with every step of a job."""
        return replace(self, progress=None, seconds_left=None, message="")

    @property
    def marked_frames(self) -> range:
        """Frames between in and out mark; empty without marks."""
        marked = self.marks != (None, None)
        return frames_between(self.marks, self.frames) if marked else range(0)

    @property
    def video_open(self) -> bool:
        """Whether a video is chosen."""
        return self.image is not None

    @property
    def ready(self) -> bool:
        """Whether a video is open and no job is running."""
        return self.video_open and not self.busy

    @property
    def editable(self) -> bool:
        """Whether a video is open whose drawing and objects can be changed."""
        return self.video_open and (self.predicting or not self.busy)

    @property
    def can_prepare(self) -> bool:
        """Whether there is a video that is not prepared yet."""
        return self.ready and not self.prepared

    @property
    def can_remove(self) -> bool:
        """Whether the active label is an object that can be removed."""
        return self.editable and self.active_label > 0

    @property
    def next_action(self) -> str:
        """Name of the recommended next action, or empty."""
        if not self.ready:
            return ""
        if self.unpredicted:
            return "" if self.auto_predict else "predict"
        if self.rounds:
            return "most_uncertain"
        return "" if self.prepared else "prepare"

    @property
    def time_left(self) -> str:
        """Estimated time until the running job ends, as text."""
        return describe_time_left(self.seconds_left)

    @property
    def accurate(self) -> bool:
        """Whether further strokes are expected to improve the prediction little."""
        certain = bool(self.uncertainty) and max(self.uncertainty) <= ACCURATE
        return certain and not self.unpredicted

    @property
    def details(self) -> str:
        """Technical details of the current prediction, or empty."""
        return f"Round {self.rounds}, {self.model}" if self.model else ""

    @property
    def hint(self) -> str:
        """Recommended next step, in one short sentence."""
        if not self.video_open and self.images_available:
            return "Choose the layer of your video in the list above."
        if not self.video_open:
            return "Open a video: drag it here, or File > Open Sample."
        if self.busy:
            return "You can continue painting."
        if self.comparing:
            return "This is the previous round; Shift+R shows the current labels."
        if self.tool_active and self.tool == "superpixels":
            return "Click on superpixels; Shift+Q follows the one under the mouse."
        if self.accurate:
            return "All frames are probably accurate. Check some, then export."
        target = "where it is wrong" if self.rounds else "a stroke on each object"
        again = " again" if self.rounds else ""
        then = "" if self.auto_predict else f", then Predict{again}"
        return f"Paint {target}, on any frame{then}."
