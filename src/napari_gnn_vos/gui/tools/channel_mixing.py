"""Mix several channels, each an image layer, into one video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames

if TYPE_CHECKING:
    from napari.components import ViewerModel

LEVELS = 256


class MixedChannels(LazyFrames):
    """RGB frames that are the sum of channels in their colours, read on access.

    The display range of each channel is that of its layer when the channels were
    mixed, for the whole video.

    Parameters
    ----------
    channels : sequence of (..., H, W) array-like of real
        Of equal shape.
    limits : sequence of (float, float)
        Values that are shown as the ends of the colour map.
    colours : sequence of (256, 3) ndarray of float
        Colour map of each channel, from 0 to 1.
    """

    def __init__(
        self,
        channels: Sequence[Any],
        limits: Sequence[tuple[float, float]],
        colours: Sequence[NDArray[np.float64]],
    ) -> None:
        super().__init__((*channels[0].shape, 3), np.uint8)
        self._channels = tuple(zip(channels, limits, colours, strict=True))

    def _read(self, t: int) -> NDArray[np.uint8]:
        total = np.zeros(self.shape[1:], np.float32)
        for channel, (low, high), colours in self._channels:
            frame = np.asarray(channel[t], np.float32)
            scaled = (frame - low) / max(high - low, 1e-12) * (LEVELS - 1)
            level = np.clip(np.nan_to_num(scaled), 0, LEVELS - 1)
            total += colours.astype(np.float32)[level.astype(np.uint8)]
        mixed: NDArray[np.uint8] = np.rint(255 * np.clip(total, 0, 1)).astype(np.uint8)
        return mixed


def mix_channels(viewer: ViewerModel, layers: Sequence[Image] = ()) -> Image:
    """Add a layer that mixes channels as they are displayed.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
    layers : sequence of napari.layers.Image
        By default the selected image layers, or all visible ones if fewer than two
        are selected. Contrast limits and colour maps are used.

    Returns
    -------
    layer : napari.layers.Image
        In the place of the channels, which are hidden.

    Raises
    ------
    VideoError
        If there are fewer than two grey image layers of three or more axes and of one
        shape.
    """
    layers = layers or channels_of(viewer)
    data = [layer.data[0] if layer.multiscale else layer.data for layer in layers]
    if len(data) < 2 or len({tuple(array.shape) for array in data}) > 1:
        raise VideoError(
            "Channels are two or more grey image layers of one shape, with a time "
            f"axis; {len(data)} are selected. Select them in the list of layers."
        )
    ramp = np.linspace(0, 1, LEVELS)
    mixed = MixedChannels(
        data,
        [tuple(layer.contrast_limits) for layer in layers],
        [layer.colormap.map(ramp)[:, :3] for layer in layers],
    )
    first = layers[0]
    names = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    placement = {name: getattr(first, name) for name in names if hasattr(first, name)}
    title = " + ".join(layer.name for layer in layers)
    image = Image(mixed, rgb=True, name=title, **placement)
    viewer.add_layer(image)
    for layer in layers:
        layer.visible = False
    return image


def channels_of(viewer: ViewerModel) -> list[Image]:
    """Return the selected grey image layers, or the visible ones."""
    grey = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image) and not layer.rgb and layer.ndim >= 3
    ]
    selected = [layer for layer in grey if layer in viewer.layers.selection]
    return selected if len(selected) > 1 else [x for x in grey if x.visible]


def mix_selected_channels(viewer: Any) -> None:
    """Mix the selected channels; napari passes the viewer to this command."""
    from napari.utils.notifications import show_error

    try:
        mix_channels(viewer)
    except VideoError as error:
        show_error(str(error))
