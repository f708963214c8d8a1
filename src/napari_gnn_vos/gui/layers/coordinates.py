"""Positions in viewer, layers and video: their conversion, and the displayed frame.

Each layer has its own units. The viewer shows all layers in the smallest of their
units, and its sliders and cursor have positions in these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray
from psygnal import Signal

from napari_gnn_vos.controller.axes import UNNAMED, Axes
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
        Position of the sliders or of the cursor. If there are fewer than D coordinates,
        because the layer was removed, the missing ones are 0.

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

    An axis without a name gets the one that was typed at its slider. Once the user has
    changed the order of the axes in the viewer, the two that it displays are rows and
    columns whatever their names, unless one of them is time.

    Raises
    ------
    VideoError
        If the layer is not an image, or if no axis, or more than one, may be time.
    """
    if not isinstance(image, Image):
        raise VideoError(
            f"A video is an image layer; {image.name!r} is a layer of another kind, "
            f"{type(image).__name__}. Choose the layer that shows the frames."
        )
    dims, lengths = viewer.dims, full_data(image).shape[: image.ndim]
    position = viewer_to_pixels(image, viewer, dims.point)
    current = np.clip(np.rint(position), 0, np.array(lengths) - 1)
    labels = _axis_names(image, viewer)
    is_initial = tuple(dims.order) == tuple(range(dims.ndim))
    displayed = [] if is_initial else displayed_axes(image, viewer)
    return Axes.guess(labels, current.astype(int).tolist(), displayed, lengths)


def _axis_names(image: Image, viewer: ViewerModel) -> list[str]:
    """Return names of axes; a name typed at a slider replaces a missing one."""
    own = getattr(image, "axis_labels", ("",) * image.ndim)
    layers = [getattr(layer, "axis_labels", ()) for layer in viewer.layers]
    names, sliders = [], viewer.dims.axis_labels
    for axis in range(-min(image.ndim, len(sliders)), 0):  # layers share the last axes
        taken = {labels[axis] for labels in layers if len(labels) >= -axis}
        is_typed = sliders[axis] not in taken and UNNAMED.fullmatch(own[axis])
        names.append(sliders[axis] if is_typed else own[axis])
    return names


def displayed_axes(image: Image, viewer: ViewerModel) -> list[int]:
    """Return the axes of an image layer that the viewer shows."""
    shift = image.ndim - viewer.dims.ndim
    return [axis + shift for axis in viewer.dims.displayed if axis + shift >= 0]


class SliceTracker:
    """Follow the viewer's sliders, and lock the drawing layers outside the video.

    The sliders may be at a later frame than the video has, if another one is longer,
    and at another slice than the one that is labelled. A drawing layer has no pixels
    there, and napari raises an error when it is painted on.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Its sliders are followed until :meth:`stop`.
    image : napari.layers.Image
        The video.
    axes : Axes
        Axes of the video, and its labelled slice.
    drawing_layers : callable
        Returns the layers for strokes and lines, None for one that does not exist.
    """

    changed = Signal(bool)  # whether a frame of the video is shown

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        axes: Axes,
        drawing_layers: Callable[[], Iterable[Layer | None]],
    ) -> None:
        self._viewer, self._image, self._axes = viewer, image, axes
        self._drawing_layers = drawing_layers
        self._modes: dict[Layer, str] = {}
        for event in self._slider_events:
            event.connect(self._update)

    @property
    def frame(self) -> int:
        """Number of the displayed frame, or of the nearest one."""
        time = self._axes.time
        return 0 if time is None else int(np.clip(self._position[time], 0, self._last))

    @property
    def on_video(self) -> bool:
        """Whether the viewer shows a frame of the video."""
        dims, ndim, position = self._viewer.dims, self._image.ndim, self._position
        displayed = {axis - dims.ndim + ndim for axis in dims.displayed}
        lengths, fixed = full_data(self._image).shape, dict(self._axes.fixed)
        return all(
            position[axis] == fixed[axis]
            if axis in fixed
            else 0 <= position[axis] < lengths[axis]
            for axis in set(range(ndim)) - displayed
        )

    @property
    def directions(self) -> str:
        """Instructions to return to the video, in one or two sentences."""
        if not self._axes.fixed:
            return f"Its frames are 0 to {self._last}; go to one of them to draw."
        slices = " and ".join(f"slice {i} of axis {a}" for a, i in self._axes.fixed)
        return f"Go to {slices} to draw, or choose the video again to label this slice."

    def go_to_nearest_frame(self) -> None:
        """Move the sliders to the nearest frame of the video."""
        last = np.array(full_data(self._image).shape[: self._image.ndim]) - 1
        self._move(np.clip(self._position, 0, last))

    def go_to(self, frame: int) -> None:
        """Move the sliders to a frame of the labelled slice."""
        position = self._position
        for axis, index in ((self._axes.time, frame), *self._axes.fixed):
            if axis is not None:
                position[axis] = index
        self._move(position)

    def show_frames(self) -> None:
        """Let the viewer show rows and columns if it shows the time axis."""
        dims, axes = self._viewer.dims, self._axes
        shift = dims.ndim - self._image.ndim
        if axes.time is None:
            return
        if dims.ndisplay == 2 and axes.time + shift in dims.displayed:
            shown = (axes.row + shift, axes.col + shift)
            others = [axis for axis in dims.order if axis not in shown]
            dims.order = (*others, *shown)

    def set_mode(self, layer: Layer, mode: str) -> None:
        """Set the mouse mode of a layer, or the mode that it gets when unlocked."""
        if self.on_video:
            layer.mode = mode
        else:
            self._lock(layer, mode)

    def stop(self) -> None:
        """Disconnect from the viewer and unlock all layers."""
        for event in self._slider_events:
            event.disconnect(self._update)
        self._unlock()

    @property
    def _last(self) -> int:
        """Number of the last frame."""
        lengths = full_data(self._image).shape
        return int(self._axes.video_shape(lengths)[0]) - 1

    @property
    def _slider_events(self) -> tuple[Any, ...]:
        events = self._viewer.dims.events
        return events.point, events.ndisplay, events.order

    @property
    def _position(self) -> NDArray[np.float64]:
        """Position of the sliders in pixels of the video."""
        point = self._viewer.dims.point
        return np.rint(viewer_to_pixels(self._image, self._viewer, point))

    def _move(self, position: NDArray[np.float64]) -> None:
        """Move the sliders to a position in pixels of the video."""
        dims, ndim = self._viewer.dims, self._image.ndim
        point = pixels_to_viewer(self._image, self._viewer, position)
        for axis, value in enumerate(point.tolist(), dims.ndim - ndim):
            if axis not in dims.displayed:
                dims.set_point(axis, value)

    def _update(self) -> None:
        was_locked = bool(self._modes)
        if self.on_video:
            self._unlock()
        else:
            for layer in filter(None, self._drawing_layers()):
                self._lock(layer, self._modes.get(layer, str(layer.mode)))
        if was_locked != bool(self._modes):
            self.changed.emit(was_locked)

    def _lock(self, layer: Layer, mode: str) -> None:
        self._modes[layer] = mode
        layer.editable = False

    def _unlock(self) -> None:
        while self._modes:
            layer, mode = self._modes.popitem()
            layer.editable = True
            layer.mode = mode
