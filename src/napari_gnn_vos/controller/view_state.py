"""The state of an annotation that the widgets show."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_gnn_vos.config import Config, Quality
from napari_gnn_vos.controller.active_label import Tool
from napari_gnn_vos.controller.history import History
from napari_gnn_vos.controller.label_statistics import (
    NO_STATISTICS,
    LabelStatistics,
)
from napari_gnn_vos.controller.messages import describe_time_left
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.ranges import RangeEnds, frames_between
from napari_gnn_vos.prepare.requirements import preparation_requirements
from napari_gnn_vos.progress import Progress
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    from napari_gnn_vos.controller.controller import Controller

ACCURATE = 0.1
"""Largest uncertainty of a prediction that is called accurate."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """State of an annotation that the widgets show, as an immutable value.

    It is collected after every change. Widgets draw it, and call the annotator to
    change anything.

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


def collect_state(controller: Controller, message: str) -> ViewState:
    """Collect the state of an annotation from the parts of its controller.

    Parameters
    ----------
    controller : Controller
    message : str
        Last message about the work.

    Returns
    -------
    state : ViewState
        Without what depends on the layers of the viewer.
    """
    annotation, active = controller.annotation, controller.active_label
    jobs, rounds = controller.jobs, controller.rounds
    source = None if annotation is None else annotation.source
    history = History() if annotation is None else annotation.history
    current, pending = history.current, rounds.pending
    prediction = None if current.session is None else current.session.prediction
    editable = rounds.running or not jobs.busy
    return ViewState(
        image=None if source is None else source.source.layer,
        busy=jobs.busy,
        predicting=rounds.running,
        prepared=current.session is not None,
        rounds=current.rounds,
        unpredicted=pending.strokes or (pending.model and current.rounds > 0),
        frames=0 if source is None else source.video.shape[0],
        requirements=""
        if source is None
        else _requirements(source.video, controller.quality),
        uncertainty=current.uncertainty,
        statistics=controller.statistics.value,
        drawn=current.predicted.frames,
        accepted=() if annotation is None else annotation.accepted_frames,
        marks=controller.frame_range.marks,
        can_undo=rounds.running or (history.previous is not None and editable),
        can_redo=history.following is not None and editable,
        table=active.table,
        active_label=active.label,
        tool=active.tool,
        auto_predict=controller.auto_predict.enabled,
        quality=controller.quality,
        model="" if prediction is None else prediction.model,
        message=message,
        progress=jobs.progress,
        seconds_left=jobs.seconds_left,
    )


def _requirements(video: Video, quality: Quality) -> str:
    """Describe the expected time and memory of the preparation."""
    return str(preparation_requirements(video, Config.at(quality).prepare))
