"""Axes of a video, and conversion between positions in viewer, layers and video.

Each layer has its own units. The viewer shows all layers in the smallest of their
units, and its sliders and cursor have positions in these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.errors import VideoError

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def viewer_to_pixels(
    layer: Layer, viewer: ViewerModel, position: Sequence[float] | NDArray[Any]
) -> NDArray[np.float64]:
    """Convert a position in the viewer to pixels of a layer.

    Parameters
    ----------
    layer : napari.layers.Layer
        With D axes, the last ones of the viewer.
    viewer : napari.components.ViewerModel
    position : sequence of float
        As of the sliders or the cursor. Of fewer than D coordinates, as after the layer
        was removed, the missing ones are 0.

    Returns
    -------
    pixels : (D,) ndarray of float64
    """
    world = np.zeros(layer.ndim)
    shared = min(layer.ndim, len(position))
    world[-shared:] = position[-shared:]
    ratios = unit_ratios(getattr(viewer.dims, "units", None), layer_units(layer))
    return np.asarray(layer.world_to_data(world * ratios))


def pixels_to_viewer(
    layer: Layer, viewer: ViewerModel, pixels: Sequence[float] | NDArray[Any]
) -> NDArray[np.float64]:
    """Invert :func:`viewer_to_pixels`; (D,) pixels to the last D coordinates."""
    ratios = unit_ratios(getattr(viewer.dims, "units", None), layer_units(layer))
    return np.asarray(layer.data_to_world(np.asarray(pixels, float))) / ratios


def layer_to_world(
    source: Layer, target: Layer, points: NDArray[Any]
) -> NDArray[np.float64]:
    """Convert points of a layer to world coordinates in the units of another one.

    Parameters
    ----------
    source, target : napari.layers.Layer
        Their last axes are the same axes of the viewer.
    points : (P, D) ndarray
        In data coordinates of `source`, which has D axes.

    Returns
    -------
    world : (P, D) ndarray of float64
    """
    world = np.array([source.data_to_world(point) for point in points])
    shared = min(source.ndim, target.ndim)
    ratios = unit_ratios(layer_units(source)[-shared:], layer_units(target)[-shared:])
    world[:, -shared:] *= ratios
    return world


def layer_units(layer: Layer) -> tuple[Any, ...]:
    """Return the units of the axes of a layer; pixels before napari 0.5."""
    return tuple(getattr(layer, "units", ("pixel",) * layer.ndim))


def unit_ratios(
    source: Sequence[Any] | None, target: Sequence[Any]
) -> NDArray[np.float64]:
    """Return the sizes of units in other units; 1 where they cannot be compared.

    Parameters
    ----------
    source : sequence of D or more pint.Unit, or None
        None if the layers of a viewer have no common units.
    target : sequence of D pint.Unit

    Returns
    -------
    ratios : (D,) ndarray of float64
        Numbers of target units per source unit.
    """
    ratios = np.ones(len(target))
    if source is None or len(source) < len(target):
        return ratios
    for axis, (one, other) in enumerate(
        zip(tuple(source)[-len(target) :], target, strict=True)
    ):
        if one != other and one.dimensionality == other.dimensionality:
            ratios[axis] = (1 * one).to(other).magnitude
    return ratios


def full_data(image: Image) -> Any:
    """Return the array of an image layer at its full resolution."""
    return image.data[0] if image.multiscale else image.data


def axes_of(image: Image, viewer: ViewerModel) -> Axes:
    """Find time, rows and columns; other axes are fixed at the sliders' positions.

    Axes without names are assigned by the axes that the viewer shows. Names have
    priority while the viewer shows its last two axes, as it does at first.

    Raises
    ------
    VideoError
        If the layer is not an image, or has no time axis.
    """
    if not isinstance(image, Image):
        raise VideoError(
            f"A video is an image layer; {image.name!r} is a layer of another kind, "
            f"{type(image).__name__}. Choose the layer that shows the frames."
        )
    dims, lengths = viewer.dims, full_data(image).shape[: image.ndim]
    position = viewer_to_pixels(image, viewer, dims.point)
    current = np.clip(np.rint(position), 0, np.array(lengths) - 1)
    labels = getattr(image, "axis_labels", ("",) * image.ndim)
    is_initial = tuple(dims.order) == tuple(range(dims.ndim))
    displayed = [] if is_initial else displayed_axes(image, viewer)
    return Axes.guess(labels, current.astype(int).tolist(), displayed)


def displayed_axes(image: Image, viewer: ViewerModel) -> list[int]:
    """Return the axes of an image layer that the viewer shows."""
    shift = image.ndim - viewer.dims.ndim
    return [axis + shift for axis in viewer.dims.displayed if axis + shift >= 0]
