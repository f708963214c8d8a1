"""The layer for lines and paths: every shape has a label, and its colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes

from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.layers import brush_size, placement
from napari_gnn_vos.gui.lines import lines_from_shapes, shapes_from_lines
from napari_gnn_vos.gui.palette import colour_of
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.layers import Image

LINES = "lines"


def make_lines(image: Image, axes: Axes, shape: tuple[int, int, int]) -> Shapes:
    """Make an empty layer that lies on `image`, a video of (T, H, W)."""
    return Shapes(
        ndim=axes.ndim,
        name=LINES,
        features={"label": np.zeros(0, int)},
        face_color="transparent",
        edge_width=max(2, brush_size(shape) // 3),
        **placement(image, axes),
    )


def draw_next(layer: Shapes, label: int) -> None:
    """Give shapes that are drawn from now on a label and its colour."""
    layer.selected_data = set()  # or what is selected changes its colour
    layer.feature_defaults = {"label": label}
    layer.current_edge_color = np.array(colour_of(label))


def read_lines(layer: Shapes, axes: Axes) -> tuple[Scribble, ...]:
    """Read all shapes, in drawing order.

    Raises
    ------
    ScribbleError
        If a shape has no label.
    """
    labels = layer.features["label"][: layer.nshapes]
    return lines_from_shapes(layer.data, layer.shape_type, labels, axes)


def write_lines(layer: Shapes, lines: Sequence[Scribble], axes: Axes) -> None:
    """Make the layer hold `lines` and nothing else."""
    layer.selected_data = set(range(layer.nshapes))
    layer.remove_selected()  # with their features, which `data = []` leaves
    paths, labels = shapes_from_lines(lines, axes)
    if paths:
        colours = np.array([colour_of(label) for label in labels])
        layer.add_paths(paths, edge_color=colours, face_color="transparent")
        layer.features = {"label": labels}
