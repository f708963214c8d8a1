"""Fine-tune models on the open video and on projects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path
from psygnal import Signal

from napari_gnn_vos.controller.jobs import JobRunner, run_at_once
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.model.named_models import require_free_name
from napari_gnn_vos.progress import Pipeline, Progress

if TYPE_CHECKING:
    from napari_gnn_vos.controller.annotation import Annotation
    from napari_gnn_vos.controller.round_choices import ModelChoice
    from napari_gnn_vos.study.fine_tuning.annotated_video import AnnotatedVideo
    from napari_gnn_vos.study.fine_tuning.fine_tune import FineTuned


class FineTuning:
    """Fine-tune one model at a time, while the user continues to annotate.

    Parameters
    ----------
    annotation : callable
        Returns the annotation of the open video, or None.
    models : ModelChoice
        Its model is fine-tuned.

    Attributes
    ----------
    jobs : JobRunner
        Runs the training: by default at once, in the window in a thread.
    message : str
        Start, result or failure of the last training.
    result : FineTuned or None
        Result of the last training.
    saved : str
        Name under which its model was saved; empty if J has not risen.
    """

    changed = Signal()

    def __init__(
        self, annotation: Callable[[], Annotation | None], models: ModelChoice
    ) -> None:
        self._annotation, self._models = annotation, models
        self.jobs = JobRunner(run_at_once)
        self.message, self.saved = "", ""
        self.result: FineTuned | None = None
        self.jobs.progressed.connect(self._emit_changed)
        self.jobs.busy_changed.connect(self._emit_changed)
        self.jobs.failed.connect(self._report)
        self.jobs.stopped.connect(self._report_stopped)

    run = renamed_attribute("run", "jobs.run")

    @property
    def labelled_frames(self) -> tuple[int, ...]:
        """Accepted and corrected frames of the open video, ascending."""
        annotation = self._annotation()
        if annotation is None:
            return ()
        session = annotation.session
        corrected = set() if session is None else session.corrected_frames
        return tuple(sorted({*annotation.accepted_frames, *corrected}))

    def start(
        self,
        name: str,
        projects: Sequence[str | PathLike[str]] = (),
        *,
        open_video: bool = True,
        merge_objects: bool = False,
        overwrite: bool = False,
        seed: int = 0,
    ) -> None:
        """Train a model, and save it if its J on held-out frames has risen.

        Parameters
        ----------
        name : str
            Name of the new model.
        projects : sequence of path
            Projects whose accepted and corrected frames are used.
        open_video : bool
            Whether accepted and corrected frames of the open video are used.
        merge_objects : bool
            Train and evaluate on all objects as one.
        overwrite : bool
            Replace a model of this name.
        seed : int

        Raises
        ------
        GnnVosError
            If the name is taken or not valid, there is nothing to train on, or a
            training is running.
        """
        self.jobs.require_idle()
        require_free_name(name, overwrite=overwrite)
        current = self._open_video() if open_video else []
        if not current and not projects:
            raise GnnVosError(
                "There is nothing to train on. Accept or correct frames of the open "
                "video, or add projects."
            )
        options = {"seed": seed, "merge_objects": merge_objects}
        base = self._models.name
        tuned = _tune(current, [str(path) for path in projects], options, base)
        pipeline = _save_if_better(tuned, name, overwrite=overwrite)
        self.result, self.saved = None, ""
        self.message = f"Training {name} ..."
        self.jobs.start(pipeline, self._complete)

    def cancel(self) -> None:
        """Stop the training; nothing is saved."""
        self.jobs.cancel()

    def use(self) -> None:
        """Use the model of the last training for the next rounds.

        Raises
        ------
        GnnVosError
            If no model was saved.
        """
        if not self.saved:
            raise GnnVosError("No model was saved. Train one first.")
        self._models.choose(self.saved)

    def close(self) -> None:
        """Stop the training, and disconnect all listeners."""
        self.changed.disconnect()
        self.cancel()

    def _open_video(self) -> list[AnnotatedVideo]:
        annotation = self._annotation()
        if annotation is None or not self.labelled_frames:
            return []
        from napari_gnn_vos.study.fine_tuning.annotated_video import (
            AnnotatedVideo,
            collect_masks,
        )

        session, drawing = annotation.session, annotation.read()
        corrected = set() if session is None else session.corrected_frames
        labels = annotation.history.labels
        masks = collect_masks(drawing.accepted, labels, corrected)
        return [AnnotatedVideo(annotation.source.video, masks)] if masks else []

    def _complete(self, trained: tuple[FineTuned, str]) -> None:
        self.result, self.saved = trained
        reason = self.result.reason_not_to_save
        outcome = f"Saved {self.saved}" if self.saved else f"Not saved: {reason}"
        self._report(f"{outcome}. {self.result}")

    def _report(self, message: str) -> None:
        self.message = message
        self.changed.emit()

    def _report_stopped(self) -> None:
        self._report("Training stopped; nothing is saved")

    def _emit_changed(self) -> None:
        self.changed.emit()


def _tune(
    current: list[AnnotatedVideo],
    projects: list[str],
    options: dict[str, Any],
    base: str,
) -> Pipeline[FineTuned]:
    """Read the projects, and train."""
    yield Progress("start", 0, 1)
    from napari_gnn_vos.study.fine_tuning.annotated_video import read_annotated_video
    from napari_gnn_vos.study.fine_tuning.fine_tune import fine_tune
    from napari_gnn_vos.study.fine_tuning.fine_tune_settings import FineTuneSettings

    videos = [*current, *map(read_annotated_video, projects)]
    cache = Path(user_cache_path("napari-gnn-vos"))
    return (yield from fine_tune(videos, FineTuneSettings(**options), cache, base))


def _save_if_better(
    pipeline: Pipeline[FineTuned], name: str, *, overwrite: bool
) -> Pipeline[tuple[FineTuned, str]]:
    """Save a better model; return also its name, empty if it is not better."""
    tuned = yield from pipeline
    if not tuned.better:
        return tuned, ""
    tuned.save(name, overwrite=overwrite)
    return tuned, name
