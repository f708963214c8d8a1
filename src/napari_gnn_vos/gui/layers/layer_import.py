"""Labels, shapes and points of other layers as annotation of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Layer, Points, Shapes
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.controller.drawing import Drawing
from napari_gnn_vos.gui.layers.conversion import CLOSED_SHAPES, outline
from napari_gnn_vos.gui.layers.factory import brush_size
from napari_gnn_vos.structures.canvas import Canvas, constant, value_of
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.vision import cv2

if TYPE_CHECKING:
    from napari_gnn_vos.gui.layers.workspace import Workspace


def label_frames(
    workspace: Workspace, layer: Labels, frame: int | None = None
) -> dict[int, NDArray[Any]]:
    """Read the label images of a labels layer.

    Parameters
    ----------
    workspace : Workspace
    layer : napari.layers.Labels
        (H, W), or as large as the video.
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
    expected = workspace.axes.to_layer(np.broadcast_to(0, shape)).shape
    if data.shape != expected:
        raise ScribbleError(
            f"Labels must be as large as a frame, {shape[1:]}, or as the video, "
            f"{expected}; {layer.name!r} has {data.shape}. Choose another layer."
        )
    numbers = range(shape[0]) if frame is None else [frame]
    frames = {t: np.asarray(data[workspace.axes.layer_index(t)]) for t in numbers}
    return {t: labels for t, labels in frames.items() if labels.any()}


def drawing_of_layer(
    workspace: Workspace, layer: Shapes | Points, label: int, *, fill: bool = True
) -> Drawing:
    """Convert the shapes or the points of a layer to strokes of a label.

    Parameters
    ----------
    workspace : Workspace
    layer : napari.layers.Shapes or napari.layers.Points
        With the axes of the viewer, or in rows and columns of the frame on screen.
    label : int
    fill : bool
        Whether polygons, rectangles and ellipses are filled; otherwise their outlines
        are strokes.

    Raises
    ------
    ScribbleError
        If nothing lies on a frame of the video.
    """
    shapes = [[point] for point in layer.data] if _is_points(layer) else layer.data
    kinds = ["point"] * len(shapes) if _is_points(layer) else layer.shape_type
    canvases: dict[int, Canvas] = {}
    lines, dtype = [], constant(value_of(label)).dtype
    for points, kind in zip(shapes, kinds, strict=True):
        frame, path = _to_video(workspace, layer, np.asarray(points, float))
        if not 0 <= frame < workspace.video.shape[0]:
            continue
        if kind == "point" or (fill and kind in CLOSED_SHAPES):
            blank = np.zeros(workspace.video.shape[1:], dtype)
            canvas = canvases.setdefault(frame, blank)
            _paint(canvas, path, kind, value_of(label))
        else:
            lines.append(Scribble(frame, label, outline(path, kind)))
    drawn = {t: canvas for t, canvas in canvases.items() if canvas.any()}
    if not drawn and not lines:
        raise ScribbleError(
            f"{layer.name!r} has nothing on a frame of the video. Choose another layer."
        )
    return Drawing(drawn, tuple(lines))


def _is_points(layer: Layer) -> bool:
    return isinstance(layer, Points)


def _to_video(
    workspace: Workspace, layer: Layer, points: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """Convert points of a layer, (P, D), to a frame and a path in its pixels."""
    image = workspace.image
    world = np.array([layer.data_to_world(point) for point in points])
    if world.shape[1] < image.ndim:
        position = image.data_to_world(
            workspace.axes.join_points(0, points[:1, -2:])[0]
        )
        missing = np.tile(position[: image.ndim - world.shape[1]], (len(points), 1))
        world = np.hstack([missing, world])
    inside = world[:, world.shape[1] - image.ndim :]
    pixels = np.array([image.world_to_data(point) for point in inside])
    frame, path = workspace.axes.split_points(pixels)
    return (workspace.frame if points.shape[1] < 3 else frame), path


def _paint(canvas: Canvas, path: NDArray[np.float64], kind: str, value: int) -> None:
    """Fill an area, or paint a disc at a point, in place."""
    if kind == "point":
        row, col = np.rint(path[0]).astype(int).tolist()
        radius = brush_size((1, *canvas.shape)) // 2
        cv2.circle(canvas, (col, row), radius, value, cv2.FILLED)
    else:
        corners = np.rint(outline(path, kind)[:, ::-1]).astype(np.int32)
        cv2.fillPoly(canvas, [corners], value)
