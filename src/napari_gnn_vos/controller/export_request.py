"""An export of labels: its options, and the state of a layer when it was requested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_gnn_vos.controller.layer_metadata import colours_in
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.export import export_in_steps
from napari_gnn_vos.io.export_preview import ExportPreview, preview_export
from napari_gnn_vos.io.formats.registry import format_named
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.output_path import check_label_output
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.label_frames import SelectedFrames


@dataclass(frozen=True)
class ExportOptions:
    """Options of an export; a format ignores those that it cannot store.

    Parameters
    ----------
    frames : range, optional
        Frames that are written; all by default.
    file_names : bool
        Store the file names of the frames of a folder of images.
    image : bool
        Measure intensities in the video; an overlay always uses the video.
    position : bool
        Store scale, position and axes of the layer.
    frame_rate : int
        Frames per second of videos.
    opacity : float
        Opacity of the objects in an overlay, from 0 to 1.
    """

    frames: range | None = None
    file_names: bool = True
    image: bool = True
    position: bool = True
    frame_rate: int = 25
    opacity: float = 0.5


@dataclass(frozen=True, eq=False)
class ExportRequest:
    """The state of a labels layer when its export was requested.

    Parameters
    ----------
    labels : VideoLabels
        Without colours.
    frames : SelectedFrames
    path : Path
    format_name : str
    colormap : napari LabelColormap or None
        Colours of the layer, which are looked up while the frames are read.
    inputs : tuple of Path
        Files that must not be replaced.
    """

    labels: VideoLabels
    frames: SelectedFrames
    path: Path
    format_name: str
    colormap: Any = None
    inputs: tuple[Path, ...] = ()

    def check(self, overwrite: bool) -> None:
        """Check the path. Nothing is written.

        Raises
        ------
        GnnVosError
            If the path cannot be written, or exists and `overwrite` is false.
        """
        check_label_output(
            self.path,
            self.inputs,
            format_name=self.format_name,
            overwrite=overwrite,
            frame_names=self.labels.frame_names,
        )
        if format_named(self.format_name).requires_image and self.labels.image is None:
            raise SettingsError(
                "An overlay needs the frames of the video. Choose the video in the "
                "dock widget, and a layer of its size."
            )

    def write(self, overwrite: bool) -> Pipeline[int]:
        """Write the labels; see :func:`napari_gnn_vos.io.export.export_in_steps`."""
        frames = self.frames
        yield Progress("Finding objects", 0, len(frames))
        colours = colours_in(self.colormap, frames)
        labels = replace(self.labels, colours=colours)
        return (
            yield from export_in_steps(
                labels, len(frames), self.path, self.format_name, overwrite=overwrite
            )
        )

    def preview(self) -> Pipeline[ExportPreview]:
        """Describe the output of the export, from a trial with a few frames."""
        yield Progress("Preview", 0, 1)
        return preview_export(
            self.labels, self.frames, self.path, self.format_name, inputs=self.inputs
        )
