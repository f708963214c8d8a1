"""Whether the viewer looks at a frame of the video; elsewhere nothing can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.layers import full_data

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer


class SliceTracker:
    """Locks the layers to draw on while the viewer looks beside the video.

    A viewer may go to a later frame than a video has, if another one is longer, and to
    another slice than the one that is labelled. A layer has no pixels there, and napari
    fails when it is painted on.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Whose sliders are followed, until :meth:`stop`.
    image : napari.layers.Image
        The video.
    axes : Axes
        Which slice of it is labelled.
    drawn_on : callable
        Lists the layers to draw on, None for one that there is not.
    """

    changed = Signal(bool)  # whether a frame of the video is looked at

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        axes: Axes,
        drawn_on: Callable[[], Iterable[Layer | None]],
    ) -> None:
        self._viewer, self._image, self._axes = viewer, image, axes
        self._drawn_on = drawn_on
        self._modes: dict[Layer, str] = {}
        for event in self._sliders:
            event.connect(self._follow)

    @property
    def frame(self) -> int:
        """Number of the frame that is looked at, or of the next one to it."""
        frames = full_data(self._image).shape[self._axes.time]
        return int(np.clip(self._places[self._axes.time], 0, frames - 1))

    @property
    def clear(self) -> bool:
        """Whether a frame of the video is looked at."""
        dims, ndim, places = self._viewer.dims, self._image.ndim, self._places
        shown = {axis - dims.ndim + ndim for axis in dims.displayed}
        lengths, fixed = full_data(self._image).shape, dict(self._axes.fixed)
        return all(
            places[axis] == fixed[axis]
            if axis in fixed
            else 0 <= places[axis] < lengths[axis]
            for axis in set(range(ndim)) - shown
        )

    @property
    def way_back(self) -> str:
        """Where the video is, in a sentence or two."""
        if not self._axes.fixed:
            frames = full_data(self._image).shape[self._axes.time]
            return f"Its frames are 0 to {frames - 1}; go to one of them to draw."
        slices = " and ".join(f"slice {i} of axis {a}" for a, i in self._axes.fixed)
        return f"Go to {slices} to draw, or choose the video again to label this slice."

    def approach(self) -> None:
        """Move the sliders to the frame of the video that is nearest."""
        last = np.array(full_data(self._image).shape[: self._image.ndim]) - 1
        self._move(np.clip(self._places, 0, last))

    def go_to(self, frame: int) -> None:
        """Move the sliders to a frame."""
        places = self._places
        for axis, place in ((self._axes.time, frame), *self._axes.fixed):
            places[axis] = place
        self._move(places)

    def set_mode(self, layer: Layer, mode: str) -> None:
        """Choose what the mouse does on a layer, now or when it can be drawn on."""
        if self.clear:
            layer.mode = mode
        else:
            self._lock(layer, mode)

    def stop(self) -> None:
        """Let go of the viewer; all layers can be drawn on."""
        for event in self._sliders:
            event.disconnect(self._follow)
        self._unlock()

    @property
    def _sliders(self) -> tuple[Any, ...]:
        events = self._viewer.dims.events
        return events.point, events.ndisplay, events.order

    @property
    def _places(self) -> NDArray[np.float64]:
        point = np.asarray(self._viewer.dims.point)[-self._image.ndim :]
        return np.asarray(np.rint(self._image.world_to_data(point)))

    def _move(self, places: NDArray[np.float64]) -> None:
        """Move the sliders to a place in the video's pixels."""
        dims, ndim = self._viewer.dims, self._image.ndim
        for axis, place in enumerate(
            self._image.data_to_world(places), dims.ndim - ndim
        ):
            if axis not in dims.displayed:
                dims.set_point(axis, place)

    def _follow(self, _event: object = None) -> None:
        locked = bool(self._modes)
        if self.clear:
            self._unlock()
        else:
            for layer in filter(None, self._drawn_on()):
                self._lock(layer, self._modes.get(layer, str(layer.mode)))
        if locked != bool(self._modes):
            self.changed.emit(locked)

    def _lock(self, layer: Layer, mode: str) -> None:
        self._modes[layer] = mode
        layer.editable = False

    def _unlock(self) -> None:
        while self._modes:
            layer, mode = self._modes.popitem()
            layer.editable = True
            layer.mode = mode
