"""Garbage collection of layers beside objects that no collection visits."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_gnn_vos.controller.layer_metadata import ROLE_KEY, SEGMENTATION
from napari_gnn_vos.hardware import freeze_if_held

if TYPE_CHECKING:
    from napari.components import LayerList


FREEZE_DELAY = 1000
"""Milliseconds after which nothing refers to a removed layer any more."""


class FrozenLayers:
    """Free the memory of layers that were frozen when they are removed.

    napari collects garbage whenever a layer is removed, because a layer and its visuals
    refer to each other. Predictions are removed by undo and reset; their memory is
    small, so that the objects of the process stay frozen (`hardware.frozen_objects`).
    After the removal of another layer, all objects are collected and frozen again.

    Parameters
    ----------
    layers : napari.components.LayerList
        Observed until :meth:`stop`.
    """

    def __init__(self, layers: LayerList) -> None:
        self._layers = layers
        freeze_if_held()  # the limit itself freezes for the first window only
        layers.events.removing.connect(self._on_removing)
        self._timer = QTimer(singleShot=True, interval=FREEZE_DELAY)
        self._timer.timeout.connect(self._freeze)

    def stop(self) -> None:
        """Disconnect from the layer list."""
        self._layers.events.removing.disconnect(self._on_removing)
        self._timer.stop()

    def _on_removing(self, event: Any) -> None:
        layer = self._layers[event.index]
        if layer.metadata.get(ROLE_KEY) != SEGMENTATION:
            gc.unfreeze()
            self._timer.start()

    def _freeze(self) -> None:
        gc.unfreeze()  # a thread that loaded modules may have frozen them meanwhile
        gc.collect()
        freeze_if_held()
