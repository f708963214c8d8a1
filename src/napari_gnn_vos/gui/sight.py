"""Whether the viewer looks at a frame of the video; elsewhere nothing can be drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.layers import full_data

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer


class Sight:
    """Locks the layers to draw on while the viewer looks beside the video.

    A viewer may go to a later frame than a video has, if another one is longer, and to
    another slice than the one that is labelled. A layer has no pixels there, and napari
    fails when it is painted on.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Whose sliders are followed.
    image : napari.layers.Image
        The video.
    axes : Axes
        Which slice of it is labelled.
    """

    def __init__(self, viewer: ViewerModel, image: Image, axes: Axes) -> None:
        self._viewer, self._image, self._axes = viewer, image, axes
        self._modes: dict[Layer, str] = {}

    @property
    def clear(self) -> bool:
        """Whether a frame of the video is looked at."""
        dims, ndim = self._viewer.dims, self._image.ndim
        point = np.asarray(dims.point)[-ndim:]
        places = np.rint(self._image.world_to_data(point))
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

    def set_mode(self, layer: Layer, mode: str) -> None:
        """Choose what the mouse does on a layer, now or when it can be drawn on."""
        if self.clear:
            layer.mode = mode
        else:
            self._lock(layer, mode)

    def follow(self, layers: Iterable[Layer]) -> bool | None:
        """Lock or unlock layers.

        Parameters
        ----------
        layers : iterable of Layer
            All that are drawn on.

        Returns
        -------
        clear : bool or None
            Whether they can be drawn on, if that has changed; otherwise None.
        """
        if self.clear:
            return self.release()
        changed = None
        for layer in layers:
            if layer not in self._modes:
                changed = False
            self._lock(layer, self._modes.get(layer, str(layer.mode)))
        return changed

    def release(self) -> bool | None:
        """Unlock all layers; tells True if there were any."""
        changed = True if self._modes else None
        while self._modes:
            layer, mode = self._modes.popitem()
            layer.editable = True
            layer.mode = mode
        return changed

    def _lock(self, layer: Layer, mode: str) -> None:
        self._modes[layer] = mode
        layer.editable = False
