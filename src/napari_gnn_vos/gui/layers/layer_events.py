"""Events of napari layers that concern an annotation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_gnn_vos.gui.palette import BACKGROUND_VALUE, label_of

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Image, Labels, Layer, Shapes

HISTORY_KEYS = {"Control-Z": "undo", "Control-Shift-Z": "redo"}
"""Keys of napari for the stroke history of a labels layer, and the layer's methods."""


MAX_FILLED_SHARE = 0.25
"""Share of a frame of empty pixels above which a fill must be confirmed."""


@dataclass(frozen=True, slots=True)
class LayerCallbacks:
    """Functions that are called for the events of layers.

    Parameters
    ----------
    label_picked : callable
        Called with a label that was selected on the strokes layer.
    drawing_changed : callable
        Called when a stroke or line was drawn, erased, undone or redone in napari.
    fill_requested : callable
        Called with a labels layer and a share of the frame, instead of
        `drawing_changed`, when the fill bucket filled much empty space.
    image_changed : callable
        Called with an image layer whose array was replaced.
    layer_removed, layer_inserted : callable
        Called with the layer.
    """

    label_picked: Callable[[int], object]
    drawing_changed: Callable[[], object]
    fill_requested: Callable[[Labels, float], object]
    image_changed: Callable[[Image], object]
    layer_removed: Callable[[Layer], object]
    layer_inserted: Callable[[Layer], object]


class LayerEvents:
    """Connect callbacks to the events of a viewer's layers.

    Parameters
    ----------
    layers : napari.components.LayerList
        Observed until :meth:`stop`.
    callbacks : LayerCallbacks
        Called for the events.
    """

    def __init__(self, layers: LayerList, callbacks: LayerCallbacks) -> None:
        self._callbacks = callbacks
        self._bound_keys: list[tuple[Labels, str]] = []
        self._list_events = (
            (layers.events.removed, self._on_removed),
            (layers.events.inserted, self._on_inserted),
        )
        for event, callback in self._list_events:
            event.connect(callback)

    def stop(self) -> None:
        """Disconnect from the layer list and release the keys."""
        for event, callback in self._list_events:
            event.disconnect(callback)
        for layer, key in self._bound_keys:
            layer.bind_key(key, None)
        self._bound_keys.clear()

    def observe_image(self, image: Image) -> None:
        """Observe the array of an image layer."""
        image.events.data.connect(self._on_image_data)

    def observe_drawing(self, strokes: Labels | None, lines: Shapes | None) -> None:
        """Observe the drawing layers; repeated calls have no further effect."""
        if strokes is not None:
            strokes.events.selected_label.connect(self._on_selected_label)
            strokes.events.paint.connect(self._on_paint)
            self._bind_history_keys(strokes)
        if lines is not None:
            lines.events.data.connect(self._on_lines_data)

    def _bind_history_keys(self, strokes: Labels) -> None:
        """Bind napari's undo and redo of strokes, which emit no event of their own."""
        for key, method in HISTORY_KEYS.items():

            def press(layer: Labels, method: str = method) -> None:
                getattr(layer, method)()
                self._callbacks.drawing_changed()

            with suppress(ValueError):  # bound already, by this or by the user
                strokes.bind_key(key, press)
                self._bound_keys.append((strokes, key))

    def _on_selected_label(self, event: Any) -> None:
        value = event.source.selected_label
        if 0 < value <= BACKGROUND_VALUE:  # 0 is the eraser
            self._callbacks.label_picked(label_of(value))

    def _on_paint(self, event: Any) -> None:
        layer = event.source
        share = filled_share(event.value, np.prod(layer.data.shape[-2:]))
        if str(layer.mode) == "fill" and share > MAX_FILLED_SHARE:
            self._callbacks.fill_requested(layer, share)
        else:
            self._callbacks.drawing_changed()

    def _on_lines_data(self, event: Any) -> None:
        if str(event.action) in ("added", "removed", "changed"):
            self._callbacks.drawing_changed()

    def _on_image_data(self, event: Any) -> None:
        self._callbacks.image_changed(event.source)

    def _on_removed(self, event: Any) -> None:
        self._callbacks.layer_removed(event.value)

    def _on_inserted(self, event: Any) -> None:
        self._callbacks.layer_inserted(event.value)


def filled_share(atoms: Iterable[Any], frame_pixels: int) -> float:
    """Compute the share of a frame that was empty before it was painted.

    Parameters
    ----------
    atoms : iterable
        Value of napari's paint event: values before a change are the second item of a
        tuple, and the attribute `old_values` since napari 0.9.
    frame_pixels : int
        Number of pixels of the frame.
    """
    old = [np.asarray(getattr(a, "old_values", a[1])) for a in atoms]
    return sum(int((values == 0).sum()) for values in old) / frame_pixels
