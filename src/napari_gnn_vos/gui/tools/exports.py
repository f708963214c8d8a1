"""Export of labels layers, for the export dialog and for scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from numpy.typing import NDArray

from napari_gnn_vos.controller.export_request import ExportOptions, ExportRequest
from napari_gnn_vos.controller.jobs import JobRunner
from napari_gnn_vos.controller.layer_metadata import (
    ROLE_KEY,
    STROKES,
    frames_of,
    names_in,
    placement_of,
    saved_axes,
)
from napari_gnn_vos.errors import GnnVosError, ShapeError
from napari_gnn_vos.io.export_preview import ExportPreview
from napari_gnn_vos.io.formats.registry import select_output_format
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.read import frame_names
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.label_frames import EditableLabelFrames, SelectedFrames

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.structures.video import Video


class ExportTools:
    """Export labels layers in all formats of `io.formats.registry`.

    In the window, exports run in a thread, in parallel with predictions; in scripts,
    at once.

    Parameters
    ----------
    annotator : Annotator

    Attributes
    ----------
    jobs : JobRunner
        Runs the exports.
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self.jobs = JobRunner(annotator.controller.jobs.run)

    @property
    def layers(self) -> list[Labels]:
        """Labels layers that can be exported, the prediction first."""
        workspace = self._annotator.workspace
        prediction = None if workspace is None else workspace.prediction
        layers = [
            layer
            for layer in self._annotator.viewer.layers
            if isinstance(layer, Labels) and layer.metadata.get(ROLE_KEY) != STROKES
        ]
        return sorted(layers, key=lambda layer: layer is not prediction)

    def frame_count(self, layer: Labels) -> int:
        """Return the number of frames of a layer; 1 if it does not show a video."""
        try:
            axes = saved_axes(layer.data, layer.as_layer_data_tuple()[1])
        except ShapeError:
            return 1
        return int(axes.video_shape(layer.data.shape)[0])

    def request(
        self,
        path: str | PathLike[str],
        format_name: str | None = None,
        layer: Labels | None = None,
        options: ExportOptions | None = None,
    ) -> ExportRequest:
        """Collect the data of an export; later changes of the layer have no effect.

        Parameters
        ----------
        path : path
            File or folder.
        format_name : str, optional
            Name of a format; by default the suffix selects it.
        layer : napari.layers.Labels, optional
            By default the prediction.
        options : ExportOptions, optional

        Raises
        ------
        GnnVosError
            If there is no labels layer, it is not that of a video, or no format is
            selected.
        """
        path, options = Path(path).expanduser(), options or ExportOptions()
        chosen = select_output_format(path, format_name)
        if layer is None:
            layer = next(iter(self.layers), None)
        if layer is None:
            raise GnnVosError("There are no labels to export. Press Predict first.")
        data, attributes, _ = layer.as_layer_data_tuple()
        frames = _unchanging(frames_of(data, attributes))
        selected = SelectedFrames.of(frames, options.frames)
        video, uses = self._video_of(frames.shape), chosen.uses
        image = options.image or chosen.requires_image
        labels = VideoLabels(
            selected,
            names_in(attributes["features"]),
            frame_names=_names(video, selected) if options.file_names else None,
            video_name=layer.name if video is None else video.name,
            image=_images(video, selected) if image and "image" in uses else None,
            placement=placement_of(data, attributes) if options.position else None,
            frame_rate=options.frame_rate,
            opacity=options.opacity,
        )
        return ExportRequest(
            labels, selected, path, chosen.name, layer.colormap, self._inputs
        )

    def preview(
        self,
        path: str | PathLike[str],
        format_name: str | None = None,
        layer: Labels | None = None,
        options: ExportOptions | None = None,
    ) -> ExportPreview:
        """Return the files, the axes and the expected size of an export.

        See :meth:`request` for parameters and errors.
        """
        return drain(self.request(path, format_name, layer, options).preview())

    def write(
        self,
        path: str | PathLike[str],
        format_name: str | None = None,
        layer: Labels | None = None,
        options: ExportOptions | None = None,
        *,
        overwrite: bool = False,
    ) -> None:
        """Export a labels layer; the path is checked first.

        See :meth:`request` for the parameters.

        Parameters
        ----------
        overwrite : bool
            Replace existing output.

        Raises
        ------
        GnnVosError
            As in :meth:`request`; if the path cannot be written, or exists and
            `overwrite` is false; if another export is running.
        """
        self.start(self.request(path, format_name, layer, options), overwrite)

    def start(
        self,
        request: ExportRequest,
        overwrite: bool,
        on_result: Callable[[int], object] = lambda _count: None,
    ) -> None:
        """Start the export of a request; `on_result` gets the number of frames.

        Raises
        ------
        GnnVosError
            As in :meth:`write`.
        """
        self.jobs.require_idle()
        request.check(overwrite)

        def report(count: int) -> None:
            self._annotator.controller.report(
                f"{count} frames written to {request.path.name}"
            )
            on_result(count)

        self.jobs.start(request.write(overwrite), report)

    def cancel(self) -> None:
        """Stop the running export; an existing file is not changed."""
        self.jobs.cancel()

    def close(self) -> None:
        """Disconnect all listeners, and stop the running export."""
        self.jobs.close()

    @property
    def _inputs(self) -> tuple[Path, ...]:
        """File or folder of the open video, if there is one."""
        workspace = self._annotator.workspace
        path = None if workspace is None else workspace.path
        return (Path(path),) if path and Path(path).exists() else ()

    def _video_of(self, shape: tuple[int, ...]) -> Video | None:
        """Return the open video if labels have its size."""
        workspace = self._annotator.workspace
        if workspace is None or tuple(workspace.video.shape) != tuple(shape):
            return None
        return workspace.video


def _unchanging(frames: Any) -> Any:
    """Copy labels that a running prediction or the user may change."""
    return frames.snapshot() if isinstance(frames, EditableLabelFrames) else frames


def _names(video: Video | None, selected: SelectedFrames) -> Sequence[str] | None:
    names = None if video is None else frame_names(video)
    return None if names is None else [names[t] for t in selected.indices]


def _images(
    video: Video | None, selected: SelectedFrames
) -> Callable[[int], NDArray[Any]] | None:
    if video is None:
        return None
    rgb, frames = video.rgb, selected.indices
    return lambda t: rgb(frames[t])
