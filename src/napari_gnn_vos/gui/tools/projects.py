"""Save, open and recover the project of a viewer's video."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Layer
from psygnal import Signal

from napari_gnn_vos.controller.jobs import JobRunner, Runner, run_at_once
from napari_gnn_vos.controller.layer_metadata import PATH_KEY, PROJECT_KEY
from napari_gnn_vos.controller.preferences import RecentProjects
from napari_gnn_vos.controller.project_keeper import ProjectKeeper
from napari_gnn_vos.errors import GnnVosError, ReadError, with_subject
from napari_gnn_vos.gui.layer_data import LayerData
from napari_gnn_vos.gui.layers.coordinates import full_data
from napari_gnn_vos.gui.reader import video_layer_data
from napari_gnn_vos.io.project.autosave import (
    TaskRunner,
    discard_autosave,
    recoverable_projects,
    search_recoverable,
)
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.video_reference import find_video
from napari_gnn_vos.progress import Progress

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator


class ProjectFiles:
    """Save, open and recover projects, at once or in a thread.

    Parameters
    ----------
    annotator : Annotator
        Opens the videos of projects.
    keeper : ProjectKeeper
        Records the annotation.

    Attributes
    ----------
    data_folder : Path or None
        Folder of the autosaves and of the list of recent projects; None for neither.
    changed : SignalInstance
        Emitted when `path` or `unsaved` may differ.
    record_stroke : callable
        Records the displayed frame, after the user has drawn.
    """

    data_folder_changed = Signal()
    recoverable_found = Signal(list)  # of projects, see `find_recoverable`

    def __init__(self, annotator: Annotator, keeper: ProjectKeeper) -> None:
        self._annotator, self._keeper = annotator, keeper
        self._recent = RecentProjects()
        self.changed = keeper.changed
        self.record_stroke = keeper.record_stroke
        self._search = JobRunner(run_at_once)
        saving = keeper.saver.jobs
        saving.progressed.connect(self._report_progress)
        saving.failed.connect(self._report_failure)

    def use_threads(self, run: Runner, run_task: TaskRunner) -> None:
        """Save, and wait for the disk while autosaving, in threads.

        Parameters
        ----------
        run : Runner
            Runs the jobs that save, and the search for autosaves.
        run_task : TaskRunner
            Waits for the disk.
        """
        self._keeper.saver.jobs.run, self._keeper.run_task = run, run_task
        self._search.run = run

    def close(self) -> None:
        """Stop recording and searching, and release the project."""
        self._search.cancel()
        self.recoverable_found.disconnect()
        self._keeper.close()

    @property
    def saving(self) -> bool:
        """Whether a project is being written."""
        return self._keeper.saver.jobs.busy

    @property
    def data_folder(self) -> Path | None:
        """Folder of the autosaves and of the list of recent projects."""
        return self._recent.folder

    @data_folder.setter
    def data_folder(self, folder: Path | None) -> None:
        self._recent.folder = folder
        self._keeper.autosave_folder = None if folder is None else folder / "autosave"
        self.data_folder_changed.emit()

    @property
    def path(self) -> Path | None:
        """Path of the project of the open video; None before it is saved."""
        return self._keeper.path

    @property
    def unsaved(self) -> bool:
        """Whether there are strokes that are not in a saved project."""
        return self._keeper.unsaved

    @property
    def recent(self) -> list[Path]:
        """Projects that were saved or opened last and still exist."""
        return self._recent.paths

    @property
    def suggested_path(self) -> Path:
        """Path of the project, or one in the folder of the video before it is saved."""
        workspace = self._annotator.workspace
        if self.path is not None or workspace is None:
            return self.path or Path("project.gnnvos")
        video = Path(workspace.path)
        folder = video.parent if video.is_absolute() else Path.home()
        return folder / f"{workspace.video.name}.gnnvos"

    def save(self, path: str | PathLike[str] | None = None) -> None:
        """Save the project of the open video as it is now.

        In the dock widget this returns before it is written; see :attr:`saving`.

        Parameters
        ----------
        path : path, optional
            A ``.gnnvos`` file, or a folder; by default, where it was saved last.

        Raises
        ------
        GnnVosError
            If no video is open, no path is known, a project is being saved, or it
            cannot be written.
        """
        path = self.path if path is None else Path(path)
        if path is None:
            raise GnnVosError("The project has no name yet. Choose where to save it.")
        self._keeper.save(path, partial(self._report_saved, path))

    def open(self, path: str | PathLike[str], video: Path | None = None) -> None:
        """Open a project and its video.

        Parameters
        ----------
        path : path
            A project folder or a ``.gnnvos`` file.
        video : path, optional
            Where the video is now, if it was moved elsewhere.

        Raises
        ------
        VideoNotFoundError
            If the video is not found.
        GnnVosError
            If the project cannot be read, or is open in another window.
        """
        path = Path(path).expanduser().absolute()
        project = Project.open(path)
        self._open_video(project, path, video)
        self._restore(project, path)

    def open_layer(self, layer: Layer) -> None:
        """Open an image layer that a reader has made from a project."""
        if layer in self._annotator.viewer.layers and PROJECT_KEY in layer.metadata:
            try:
                self._annotator.open(layer)
            except GnnVosError as error:
                self._report_failure(str(error))

    def restore_project_of(self, image: Image) -> None:
        """Restore the project that the layer was read from, once."""
        path = image.metadata.pop(PROJECT_KEY, None)
        if path is not None:
            self._restore(Project.open(path), Path(path).absolute())

    def recoverable(self) -> list[Project]:
        """List annotations that were not saved before the program ended."""
        folder = self._keeper.autosave_folder
        return [] if folder is None else recoverable_projects(folder)

    def find_recoverable(self) -> None:
        """Search for annotations that were not saved, and emit `recoverable_found`."""
        self._search.cancel()
        folder = self._keeper.autosave_folder
        if folder is None:
            self.recoverable_found.emit([])
        else:
            search = search_recoverable(folder)
            self._search.start(search, self.recoverable_found.emit)

    def recover(self, project: Project, video: Path | None = None) -> None:
        """Continue an annotation that was not saved.

        Raises
        ------
        VideoNotFoundError
            If the video is not found.
        GnnVosError
            If it cannot be restored; it is not deleted then.
        """
        folder = project.path
        self._open_video(project, folder or Path(), video)
        self._restore(project, None)
        if folder is not None:
            discard_autosave(folder)

    def discard(self, project: Project) -> None:
        """Delete an annotation that was not saved."""
        if project.path is not None:
            discard_autosave(project.path)

    def _report_progress(self, step: Progress) -> None:
        percent = f"{step.done / step.total:.0%}"
        self._annotator.controller.report(f"Saving the project: {percent}")

    def _report_failure(self, message: str) -> None:
        self._annotator.controller.report_failure(message)

    def _report_saved(self, path: Path) -> None:
        self._recent.add(path)
        self._annotator.controller.report(f"Saved {path.name}")

    def _restore(self, project: Project, path: Path | None) -> None:
        if path is not None and path == self.path and self.unsaved:
            question = f"{path.name} is open. Discard the strokes that are not saved?"
            if not self._annotator.confirm(question):
                return
        self._annotator.models.restore(project.model)
        self._keeper.restore(project, path)
        workspace, history = self._annotator.workspace, project.log.history
        if workspace is not None:
            workspace.slice_tracker.go_to(project.frame)
            current = history.entries[history.current : history.current + 1]
            saved = [project.predictions.get(entry.round_index) for entry in current]
            if saved and saved[0] is not None and self._annotator.state.busy:
                workspace.show(saved[0].labels)
        if path is not None:
            self._recent.add(path)

    def _open_video(self, project: Project, path: Path, video: Path | None) -> None:
        """Open the layer that shows the video, or add it."""
        reference = project.video
        source = str(video or find_video(reference, path) or reference.absolute)
        image = self._layer_of(project, source)
        if image is None:
            data = self._read_video(project, source)
            image = self._annotator.viewer.add_layer(Layer.create(*data))
        self._annotator.open(image)

    def _read_video(self, project: Project, source: str) -> LayerData:
        if not source:
            raise VideoNotFoundError(
                f"The project belongs to the array {project.video.name!r} of the shape "
                f"{project.log.shape}, which is not in a file. Open it as an image "
                "layer first, then the project."
            )
        try:
            return video_layer_data(source)
        except ReadError as error:
            name = project.video.name
            raise VideoNotFoundError(str(with_subject(name, error))) from error

    def _layer_of(self, project: Project, source: str) -> Image | None:
        """Find the layer of a video: one of its path, or of its name and shape."""
        images: Sequence[Image] = [
            layer for layer in self._annotator.viewer.layers if isinstance(layer, Image)
        ]
        for image in images:
            same_path = bool(source) and image.metadata.get(PATH_KEY) == source
            shape = tuple(full_data(image).shape[:3])
            same_array = image.name == project.video.name and shape == project.log.shape
            if same_path or (not source and same_array):
                return image
        return None


class VideoNotFoundError(ReadError):
    """The video of a project is missing at its stored path."""
