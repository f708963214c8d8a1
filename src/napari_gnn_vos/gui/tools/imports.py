"""Import of labels, shapes and points of other layers as annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points, Shapes
from numpy.typing import NDArray

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_conversion import drawing_from_shapes
from napari_gnn_vos.controller.layer_metadata import names_in
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.layers.attributes import colours_of
from napari_gnn_vos.gui.layers.coordinates import full_data, layer_to_world
from napari_gnn_vos.gui.tools.channels import mix_channels

if TYPE_CHECKING:
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

        See :func:`napari_gnn_vos.gui.tools.channels.mix_channels`.

        Raises
        ------
        VideoError
            If the layers are not channels of one video.
        """
        image = mix_channels(self._annotator.viewer, layers)
        self._annotator.open(image)
        return image

    def ids_of(self, layer: Labels, frame: int | None = None) -> tuple[int, ...]:
        """List the labels of a layer other than 0, ascending.

        Parameters
        ----------
        layer : napari.layers.Labels
        frame : int, optional
            By default, all frames.

        Raises
        ------
        ScribbleError
            If the layer has another size than a frame and than the video.
        """
        frames = label_frames(self._annotator.require_workspace(), layer, frame)
        ids = [np.unique(labels) for labels in frames.values()]
        values = np.unique(np.concatenate([np.zeros(1, int), *ids]))
        return tuple(value for value in values.tolist() if value != 0)

    def use_labels(
        self,
        layer: Labels,
        frame: int | None = None,
        *,
        new_objects: bool = False,
        objects: Mapping[int, int] | None = None,
    ) -> None:
        """Use the labels of another layer as annotation, as accepted frames.

        Ids are kept if all are between 1 and 32 767, and numbered from 1 otherwise.
        Names are read from the layer's features, colours from its file or colour map.

        Parameters
        ----------
        layer : napari.layers.Labels
            Of any name, from any program: (H, W), or as large as the video.
        frame : int, optional
            Frame to use; by default, all frames with labels. An (H, W) image belongs to
            the frame on screen.
        new_objects : bool
            Whether the ids get numbers that are not in the list of objects.
        objects : mapping of int to int, optional
            Label of each id; other ids are background.

        Raises
        ------
        GnnVosError
            If the layer has another size or no labels, or a job is running that
            cannot be dropped.
        """
        frames = label_frames(self._annotator.require_workspace(), layer, frame)
        with self._annotator.keeping_tool():
            self._annotator.controller.edits.import_labels(
                frames,
                names_in(layer.features),
                colours_of(layer, frames.values()),
                new_objects=new_objects,
                objects=objects,
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
            If nothing lies on a frame of the video, or a job is running that
            cannot be dropped.
        """
        active = self._annotator.active_label
        label = active.label if label is None else label
        drawing = drawing_of_layer(
            self._annotator.require_workspace(), layer, label, fill=fill
        )
        with self._annotator.keeping_tool():
            edits = self._annotator.controller.edits
            edits.add_drawing(drawing, f"strokes of {layer.name!r}")
        self._annotator.list_drawn_objects()


def label_frames(
    workspace: Workspace, layer: Labels, frame: int | None = None
) -> dict[int, NDArray[Any]]:
    """Read the label images of a labels layer.

    Parameters
    ----------
    workspace : Workspace
    layer : napari.layers.Labels
        (H, W), (T, H, W), or as large as the layer of the video, of which the labelled
        slice is read.
    frame : int, optional
        Frame to read; by default, all frames with labels. An (H, W) image belongs to
        this frame, or to the frame on screen.

    Raises
    ------
    ScribbleError
        If the layer has another size.
    """
    data, shape = layer.data, workspace.video.shape
    if data.shape == shape[1:]:
        return {workspace.frame if frame is None else frame: np.asarray(data)}
    index = _frame_index(workspace, data.shape)
    if index is None:
        raise ScribbleError(
            f"Labels must be as large as a frame, {shape[1:]}, or as the video, "
            f"{shape}; {layer.name!r} has {data.shape}. Choose another layer."
        )
    numbers = range(shape[0]) if frame is None else [frame]
    frames = {t: np.asarray(data[index(t)]) for t in numbers}
    if frames and next(iter(frames.values())).shape != shape[1:]:  # columns first
        frames = {t: labels.T for t, labels in frames.items()}
    return {t: labels for t, labels in frames.items() if labels.any()}


def _frame_index(
    workspace: Workspace, shape: tuple[int, ...]
) -> Callable[[int], Any] | None:
    """Return a function from a frame to its index in an array of the given shape."""
    axes, video = workspace.axes, workspace.video.shape
    if shape == axes.to_layer(np.broadcast_to(0, video)).shape:
        return axes.layer_index
    if shape == full_data(workspace.image).shape[: axes.ndim]:
        return axes.index
    return (lambda t: t) if shape == video else None


def drawing_of_layer(
    workspace: Workspace, layer: Shapes | Points, label: int, *, fill: bool = True
) -> Drawing:
    """Convert the shapes or the points of a layer to strokes of a label.

    Parameters
    ----------
    workspace : Workspace
    layer : napari.layers.Shapes or napari.layers.Points
        With the axes of the viewer, or in rows and columns of the frame on screen.
        Shapes on other slices than the labelled one are skipped.
    label : int
    fill : bool
        Whether polygons, rectangles and ellipses are filled; otherwise their outlines
        are strokes.

    Raises
    ------
    ScribbleError
        If nothing lies on a frame of the video.
    """
    if isinstance(layer, Points):
        paths, kinds = [[point] for point in layer.data], ["point"] * len(layer.data)
    else:
        paths, kinds = layer.data, layer.shape_type
    pixels = [_to_pixels(workspace, layer, np.asarray(path, float)) for path in paths]
    drawing = drawing_from_shapes(
        pixels, kinds, label, workspace.axes, workspace.video.shape, fill=fill
    )
    if not drawing:
        raise ScribbleError(
            f"{layer.name!r} has nothing on a frame of the video. Choose another layer."
        )
    return drawing


def _to_pixels(
    workspace: Workspace, layer: Layer, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Convert points of a layer to pixels of the image layer, (P, D).

    A layer with fewer axes than the image lies on the frame on screen.
    """
    image, axes = workspace.image, workspace.axes
    world = layer_to_world(layer, image, points)
    missing = image.ndim - world.shape[1]
    if missing > 0:
        current = axes.join_points(workspace.frame, points[:1, -2:])[0]
        for axis, position in axes.fixed:
            current[axis] = position
        position = image.data_to_world(current)
        world = np.hstack([np.tile(position[:missing], (len(points), 1)), world])
    pixels = np.array([image.world_to_data(p) for p in world[:, -image.ndim :]])
    if axes.time is not None and axes.time < missing:
        pixels[:, axes.time] = workspace.frame
    return pixels
