"""Layers of other tools and programs as annotation of an annotator's video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.layers.factory import names_in
from napari_gnn_vos.gui.layers.layer_import import drawing_of_layer, label_frames
from napari_gnn_vos.gui.tools.channel_mixing import mix_channels

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Points, Shapes

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.layers.workspace import Workspace


class LayerImports:
    """Use labels, shapes and points of other layers as annotation.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator

    def mix_channels(self, layers: Sequence[Image] = ()) -> Image:
        """Mix channels into one video, and open it.

        See :func:`napari_gnn_vos.gui.tools.channel_mixing.mix_channels`.

        Raises
        ------
        VideoError
            If the layers are not channels of one video.
        """
        image = mix_channels(self._annotator.viewer, layers)
        self._annotator.open(image)
        return image

    def use_labels(self, layer: Labels, frame: int | None = None) -> None:
        """Use the labels of another layer as annotation, as accepted frames.

        Ids are kept if all are between 1 and 32 767, and numbered from 1 otherwise.
        Names are read from the layer's features.

        Parameters
        ----------
        layer : napari.layers.Labels
            Of any name, from any program: (H, W), or as large as the video.
        frame : int, optional
            Frame to use; by default, all frames with labels. An (H, W) image belongs to
            the frame on screen.

        Raises
        ------
        GnnVosError
            If the layer has another size or no labels, or a job is running.
        """
        frames = label_frames(self._require_workspace(), layer, frame)
        with self._annotator.tool_kept():
            self._annotator.controller.edits.import_labels(
                frames, names_in(layer.features)
            )

    def use_shapes(
        self, layer: Shapes | Points, label: int | None = None, *, fill: bool = True
    ) -> None:
        """Use the shapes or the points of a layer as strokes.

        Parameters
        ----------
        layer : napari.layers.Shapes or napari.layers.Points
            With the axes of the video, or in rows and columns of the frame on screen.
        label : int, optional
            By default, the active label.
        fill : bool
            Whether polygons, rectangles and ellipses are filled; otherwise their
            outlines are strokes.

        Raises
        ------
        GnnVosError
            If nothing lies on a frame of the video, or a job is running.
        """
        active = self._annotator.active_label
        label = active.label if label is None else label
        drawing = drawing_of_layer(self._require_workspace(), layer, label, fill=fill)
        with self._annotator.tool_kept():
            edits = self._annotator.controller.edits
            edits.add_drawing(drawing, f"strokes of {layer.name!r}")
        self._annotator.list_drawn_objects()

    def _require_workspace(self) -> Workspace:
        if self._annotator.workspace is None:
            raise GnnVosError("There is no video. Open one and choose its layer.")
        return self._annotator.workspace
