"""Restore the annotation of a project in the open video."""

from __future__ import annotations

from collections.abc import Callable

from napari_gnn_vos.controller.annotation import Annotation, DrawingSource
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.history import History
from napari_gnn_vos.controller.open_project import OpenProject
from napari_gnn_vos.controller.project_recorder import drawing_of, table_of
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.video_reference import has_changed
from napari_gnn_vos.structures.session import Session

ModelChecksum = Callable[[], tuple[str, str]]
"""Returns name and checksum of the network."""


class ProjectRestorer:
    """Restore drawing, objects and history of a project in the open video.

    Parameters
    ----------
    controller : Controller
        Its settings become those of the project.
    model : callable
        Returns name and checksum of the network.
    """

    def __init__(self, controller: Controller, model: ModelChecksum) -> None:
        self._controller, self._model = controller, model

    def check(self, project: Project, annotation: Annotation) -> None:
        """Check that a project can be restored now.

        Raises
        ------
        GnnVosError
            If the video has another size than that of the project, or a job is running.
        """
        shape = annotation.source.video.shape
        if project.log.shape != shape:
            raise GnnVosError(
                f"The project was made for a video of {project.log.shape} frames, rows "
                f"and columns; this one has {shape}. Choose the right video. The "
                "strokes in the project are unchanged."
            )
        self._controller.jobs.require_idle()

    def restore_drawing(self, project: Project, annotation: Annotation) -> None:
        """Show the strokes and the objects of a project, and use its settings."""
        log, active = project.log, self._controller.active_label
        drawing = drawing_of(log.drawing)
        with self._controller.auto_predict.paused():
            annotation.restore_drawing(drawing)
        label = log.active  # read first, because changes of the table are recorded
        table = table_of(log.objects) if log.has_object_list else active.table
        active.table = table.with_labels(drawing.objects)
        if label in active.labels:
            active.choose(label)
        self._controller.rounds.seed = project.seed
        self._controller.quality = project.config.prepare.quality

    def restore_history(
        self,
        project: Project,
        annotation: Annotation,
        restored: OpenProject,
        on_restored: Callable[[History], object],
    ) -> None:
        """Start the job that restores rounds and actions; without any, report only.

        Parameters
        ----------
        project : Project
        annotation : Annotation
            Annotation of the open video, with the drawing of the project.
        restored : OpenProject
            Records the restored history.
        on_restored : callable
            Called with the restored history, before it is that of the open video.
        """
        log, controller = project.log, self._controller
        is_recovered = restored.path is None
        summary, are_valid = self._summary(project, annotation.source, is_recovered)

        def complete(start: Session | None, sessions: list[Session]) -> None:
            history = restored.recorder.restored_history(start, sessions)
            on_restored(history)
            controller.restore_history(history, summary)

        controller.report(summary)
        if log.rounds and log.history.entries:
            predictions = project.predictions if are_valid else {}
            quality = project.config.prepare.quality
            controller.rounds.restore(
                annotation, quality, log.rounds, predictions, complete
            )
        else:
            restored.restoring = False
            if log.history.entries:  # actions before the first round
                complete(None, [])

    def _summary(
        self, project: Project, source: DrawingSource, is_recovered: bool
    ) -> tuple[str, bool]:
        """Describe a project for the user; return also whether its results are valid.

        Results are those of the video as it was when the project was saved.
        """
        lines = ["The strokes are recovered" if is_recovered else "Project open"]
        changed = has_changed(project.video, source.video, source.path)
        if changed:
            lines.append(
                "The video has changed since the project was saved; the strokes are "
                "kept, and the rounds are predicted again"
            )
        if project.model_sha256 and project.model_sha256 != self._model()[1]:
            lines.append("It was made with another version of the network")
        return ". ".join([*lines, *project.problems]), not changed
