"""Lock the drawing layers while the viewer shows no frame of the video."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.gui.layers.coordinates import (
    full_data,
    pixels_to_viewer,
    viewer_to_pixels,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer


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
        """Number of the frame on screen, or of the nearest frame."""
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
        """One or two sentences about where the video is."""
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

    def _update(self, _event: object = None) -> None:
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
