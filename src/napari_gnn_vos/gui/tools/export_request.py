"""An export of a labels layer: its options, and the labels when it was requested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.gui.layers.layer_data import colours_in
from napari_gnn_vos.io.export import export_in_steps
from napari_gnn_vos.io.export_preview import ExportPreview, preview_export
from napari_gnn_vos.io.formats.registry import format_named
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.output_path import check_label_output
from napari_gnn_vos.progress import Pipeline, Progress


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
        """Find out what will be written; a few frames are written as a trial."""
        yield Progress("Preview", 0, 1)
        return preview_export(
            self.labels, self.frames, self.path, self.format_name, inputs=self.inputs
        )


@dataclass(frozen=True, eq=False)
class SelectedFrames:
    """A range of the frames of (T, H, W) labels, read on access.

    Parameters
    ----------
    labels : (T, H, W) array-like of integer
    indices : range
    """

    labels: Any
    indices: range

    @classmethod
    def of(cls, labels: Any, frames: range | None = None) -> SelectedFrames:
        """Select some frames, or all.

        Raises
        ------
        SettingsError
            If there are no such frames.
        """
        count = len(labels)
        frames = range(count) if frames is None else frames
        if not frames or frames[0] < 0 or frames[-1] >= count:
            raise SettingsError(
                f"Expected a range within the frames 0 to {count - 1}; got {frames}. "
                "Change the first or the last frame."
            )
        return cls(labels, frames)

    @property
    def shape(self) -> tuple[int, ...]:
        """T, H, W."""
        return (len(self.indices), *self.labels.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        dtype: np.dtype[Any] = np.dtype(self.labels.dtype)
        return dtype

    @property
    def size(self) -> int:
        """Number of pixels of all frames."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, t: int) -> NDArray[Any]:
        return np.asarray(self.labels[self.indices[t]])

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (np.asarray(self.labels[t]) for t in self.indices)
