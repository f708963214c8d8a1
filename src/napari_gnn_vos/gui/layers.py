"""Makes napari layers that lie on the video's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.palette import answer_colours, stroke_colours
from napari_gnn_vos.structures.label_frames import LabelFrames

if TYPE_CHECKING:
    from napari.components import ViewerModel

STROKES, SEGMENTATION = "strokes", "segmentation"
SOURCE_KEY = "gnn-vos source"
"""Where a layer of ours keeps the id of the image layer that it belongs to."""


def full_data(image: Image) -> Any:
    """Array of an image layer at its full resolution."""
    return image.data[0] if image.multiscale else image.data


def axes_of(image: Image, viewer: ViewerModel) -> Axes:
    """Find time, rows and columns; other axes stay where the sliders are.

    Raises
    ------
    VideoError
        If it is no image, or has no axis for time.
    """
    if not isinstance(image, Image):
        raise VideoError(
            f"A video is an image layer; {image.name!r} is a layer of another kind, "
            f"{type(image).__name__}. Choose the layer that shows the frames."
        )
    point = np.asarray(viewer.dims.point)[-image.ndim :]
    lengths = full_data(image).shape[: image.ndim]
    current = np.clip(np.rint(image.world_to_data(point)), 0, np.array(lengths) - 1)
    labels = getattr(image, "axis_labels", ("",) * image.ndim)
    return Axes.guess(labels, current.astype(int))


def strokes_layer(image: Image, axes: Axes, shape: tuple[int, int, int]) -> Labels:
    """Make an empty layer for a brush, (T, H, W) in the axes of `image`."""
    layer = Labels(
        axes.spread(np.zeros(shape, np.uint8)),
        name=STROKES,
        opacity=0.9,
        colormap=DirectLabelColormap(color_dict=stroke_colours()),
        **placement(image, axes),
    )
    layer.brush_size = brush_size(shape)
    return layer


def adopt_strokes(
    layer: Labels, image: Image, axes: Axes, shape: tuple[int, int, int]
) -> None:
    """Make a layer of strokes that came from elsewhere look like one of ours."""
    layer.colormap = DirectLabelColormap(color_dict=stroke_colours())
    layer.opacity, layer.brush_size = 0.9, brush_size(shape)
    options = placement(image, axes)
    layer.metadata |= options.pop("metadata")
    for name, value in options.items():
        setattr(layer, name, value)


def answer_layer(
    image: Image, axes: Axes, labels: LabelFrames | NDArray[np.uint8]
) -> Labels:
    """Make a layer that shows an answer; it cannot be painted on."""
    return Labels(
        labels,
        name=SEGMENTATION,
        opacity=0.5,
        colormap=DirectLabelColormap(color_dict=answer_colours()),
        **placement(image, axes),
    )


def labels_options(name: str) -> dict[str, Any]:
    """Options of a layer of labels in the colours of answers."""
    colours = DirectLabelColormap(color_dict=answer_colours())
    return {"name": name, "opacity": 0.5, "colormap": colours}


def truth_options(name: str) -> dict[str, Any]:
    """Options of a layer of masks that is hidden at first."""
    return labels_options(name) | {"visible": False}


def brush_size(shape: tuple[int, int, int]) -> int:
    """Brush that is well visible, and thin beside a small object, in pixels."""
    return max(3, round(min(shape[1:]) / 60))


def placement(image: Image, axes: Axes) -> dict[str, Any]:
    """Scale, place, units and mark of a layer that lies on `image`.

    The slice that is looked at becomes position 0 of the layer's other axes.
    """
    shift = np.zeros(image.ndim)
    for axis, position in axes.fixed:
        shift[axis] = position * image.scale[axis]
    placed = {
        "scale": image.scale,
        "translate": image.translate + shift,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine,
        "metadata": {SOURCE_KEY: str(image.unique_id)},
    }
    names = ("units", "axis_labels")  # of newer napari only
    return placed | {n: getattr(image, n) for n in names if hasattr(image, n)}
