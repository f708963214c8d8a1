"""Mix the channels of several image layers into one video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from napari.utils.notifications import show_error

from napari_gnn_vos.controller.layer_arrays import LEVELS, MixedChannels
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.gui.layers.coordinates import full_data

if TYPE_CHECKING:
    from napari.components import ViewerModel


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
    data = [full_data(layer) for layer in layers]
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
    position = {name: getattr(first, name) for name in names if hasattr(first, name)}
    title = " + ".join(layer.name for layer in layers)
    image = Image(mixed, rgb=True, name=title, **position)
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
    try:
        mix_channels(viewer)
    except VideoError as error:
        show_error(str(error))
