"""Labels layers that are computed for each frame when it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_gnn_vos.gui.layers.axes import Axes
from napari_gnn_vos.gui.layers.factory import placement

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

Compute = Callable[[int], NDArray[Any]]
"""Returns the labels of a frame, (H, W)."""


class ComputedLabels:
    """Array-like of a labels layer whose frames are computed on access.

    Parameters
    ----------
    compute : callable
        Returns the labels of a frame, (H, W) of `dtype`.
    shape : (int, int, int)
        T, H and W of the video.
    axes : Axes
        Axes of the layer.
    dtype : type
        Type of the labels.
    """

    def __init__(
        self, compute: Compute, shape: tuple[int, int, int], axes: Axes, dtype: Any
    ) -> None:
        self._compute, self._axes = compute, axes
        self._frames = shape[0]
        self.shape = axes.to_layer(np.broadcast_to(0, shape)).shape
        self.ndim, self.dtype = len(self.shape), np.dtype(dtype)

    @property
    def size(self) -> int:
        """Number of pixels of all frames."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Index as a NumPy array; only the selected frames are computed."""
        indices = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in indices:
            i = indices.index(Ellipsis)
            indices[i : i + 1] = [slice(None)] * (self.ndim - len(indices) + 1)
        indices += [slice(None)] * (self.ndim - len(indices))
        time = indices[self._axes.time]
        if isinstance(time, slice):
            frames = range(*time.indices(self._frames))
            indices[self._axes.time] = slice(None)
        else:
            frames = range(int(time), int(time) + 1)
            indices[self._axes.time] = 0
        stack = np.stack([self._compute(t) for t in frames]).astype(self.dtype)
        return np.asarray(self._axes.to_layer(stack)[tuple(indices)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)


class ComputedLayer:
    """A read-only labels layer above a video, which is switched on and off.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layer.
    image : napari.layers.Image
        The video.
    data : ComputedLabels
    axes : Axes
        Axes of the video, and its labelled slice.
    name : str
        Name and role of the layer.
    options : dict
        Further options of the layer.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        data: ComputedLabels,
        axes: Axes,
        name: str,
        options: dict[str, Any],
    ) -> None:
        self._viewer, self._image = viewer, image
        self._contour = options.pop("contour", 0)
        options |= {"data": data, "name": name} | placement(image, axes, name)
        self._options = options
        self._layer: Labels | None = None

    @property
    def layer(self) -> Labels | None:
        """The layer; None while it is switched off, or was deleted."""
        return self._layer if self._layer in self._viewer.layers else None

    @property
    def shown(self) -> bool:
        """Whether the layer exists and is visible."""
        layer = self.layer
        return layer is not None and layer.visible

    def show(self, shown: bool = True) -> None:
        """Add the layer on top of all others, or remove it; the selection is kept."""
        if shown == self.shown:
            return
        layers, layer = self._viewer.layers, self.layer
        if not shown and layer is not None:
            layers.remove(layer)
        elif layer is not None:
            layer.visible = True
        else:
            active = layers.selection.active
            self._layer = Labels(**self._options)
            self._layer.editable, self._layer.contour = False, self._contour
            layers.append(self._layer)
            layers.selection.active = active

    def leave(self) -> None:
        """Remove the layer; it is kept while napari removes the layer of the video."""
        if self._image in self._viewer.layers:
            self.show(False)

    def refresh(self) -> None:
        """Compute the frame on screen again."""
        if self.shown and self._layer is not None:
            self._layer.refresh()
