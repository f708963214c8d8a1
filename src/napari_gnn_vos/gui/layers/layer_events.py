"""Events of napari layers that concern an annotation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.canvas import MAX_VALUE, label_of, labels_of

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Image, Labels, Layer, Shapes


HISTORY_KEYS = {"Control-Z": "undo", "Control-Shift-Z": "redo"}
"""Keys of napari for the stroke history of a labels layer, and the layer's methods."""

LABEL_KEYS = "0123456789"
"""Keys that activate a label on the layers of a video; others keep napari's keys."""

NEXT_LABEL_KEY = "M"
"""Key with which napari selects a new label: the largest value of the layer plus 1. On
strokes it is bound again, because their value 255 is background, not a label."""

Pixels = tuple[NDArray[np.int64], ...]

MAX_FILLED_SHARE = 0.25
"""Share of a frame of empty pixels above which a fill must be confirmed."""


MAX_CLICK_DISTANCE = 4
"""Largest movement of the mouse during a click, in pixels of the screen."""


@dataclass(frozen=True, slots=True)
class LayerCallbacks:
    """Functions that are called for the events of layers.

    Parameters
    ----------
    label_picked : callable
        Called with a label that was selected on the strokes layer; None if strokes
        would be erased.
    mode_changed : callable
        Called when the mode of the strokes or lines layer has changed.
    label_key_pressed : callable
        Called with the digit of a key that was pressed on a layer of the video.
    strokes_clicked : callable
        Called with the position in the viewer of a click on the strokes layer in the
        mode that moves the view.
    drawing_changed : callable
        Called when a stroke or line was drawn, erased, undone or redone in napari.
    prediction_painted : callable
        Called with the indices of the pixels of the prediction layer that were painted,
        one array per axis, and with the labels that were painted on them.
    prediction_stepped : callable
        Called with ``"undo"`` or ``"redo"`` when its key was pressed on the prediction.
    fill_requested : callable
        Called when the fill bucket filled much empty space, with the layer, the
        function to call if that is intended, and the share of the frame.
    image_changed : callable
        Called with an image layer whose array was replaced.
    layer_removed, layer_inserted : callable
        Called with the layer.
    """

    label_picked: Callable[[int | None], object]
    mode_changed: Callable[[], object]
    label_key_pressed: Callable[[int], object]
    strokes_clicked: Callable[[Sequence[float]], object]
    drawing_changed: Callable[[], object]
    prediction_painted: Callable[[Pixels, NDArray[Any]], object]
    prediction_stepped: Callable[[str], object]
    fill_requested: Callable[[Labels, Callable[[], object], float], object]
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
        # weak references: layers that the user removes must be freed
        self._bound_keys: WeakKeyDictionary[Layer, list[str]] = WeakKeyDictionary()
        self._clicked_layers: WeakSet[Layer] = WeakSet()
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
        for layer, keys in self._bound_keys.items():
            for key in keys:
                layer.bind_key(key, None)
        self._bound_keys.clear()
        for layer in self._clicked_layers:
            layer.mouse_drag_callbacks.remove(self._on_mouse_drag)
        self._clicked_layers.clear()

    def observe_image(self, image: Image) -> None:
        """Observe the array of an image layer."""
        image.events.data.connect(self._on_image_data)
        self._bind_label_keys(image)

    def observe_drawing(self, strokes: Labels | None, lines: Shapes | None) -> None:
        """Observe the drawing layers; repeated calls have no further effect."""
        if strokes is not None:
            strokes.events.selected_label.connect(self._on_selected_label)
            strokes.events.paint.connect(self._on_paint)
            strokes.events.mode.connect(self._on_mode)
            self._bind_history_keys(strokes, self._on_stroke_history)
            self._bind_label_keys(strokes)
            self._bind(strokes, NEXT_LABEL_KEY, self._pick_next_label)
            if self._on_mouse_drag not in strokes.mouse_drag_callbacks:
                strokes.mouse_drag_callbacks.append(self._on_mouse_drag)
                self._clicked_layers.add(strokes)
        if lines is not None:
            lines.events.data.connect(self._on_lines_data)
            lines.events.mode.connect(self._on_mode)
            self._bind_label_keys(lines)

    def observe_prediction(self, layer: Labels) -> None:
        """Observe what is painted on a prediction; repeated calls have no effect."""
        layer.events.paint.connect(self._on_prediction_paint)
        self._bind_history_keys(layer, self._on_prediction_history)
        self._bind_label_keys(layer)

    def _bind_label_keys(self, layer: Layer) -> None:
        """Bind the digits, which napari uses for the modes of a layer."""
        for key in LABEL_KEYS:

            def press(_layer: Layer, label: int = int(key)) -> None:
                self._callbacks.label_key_pressed(label)

            self._bind(layer, key, press)

    def _bind(self, layer: Layer, key: str, press: Callable[[Any], None]) -> None:
        with suppress(ValueError):  # bound already, by this or by the user
            layer.bind_key(key, press)
            self._bound_keys.setdefault(layer, []).append(key)

    def _bind_history_keys(
        self, layer: Labels, step: Callable[[Labels, str], None]
    ) -> None:
        """Bind napari's undo and redo of strokes, which emit no event of their own."""
        for key, method in HISTORY_KEYS.items():

            def press(layer: Labels, method: str = method) -> None:
                step(layer, method)

            self._bind(layer, key, press)

    def _on_mouse_drag(self, layer: Labels, event: Any) -> Iterator[None]:
        """Report a click; the mouse may move a little between press and release."""
        start, position = np.array(event.pos), tuple(event.position)
        yield
        while event.type == "mouse_move":
            yield
        distance = np.abs(np.array(event.pos) - start).max()
        is_click = event.button == 1 and distance <= MAX_CLICK_DISTANCE
        if is_click and str(layer.mode) == "pan_zoom":
            self._callbacks.strokes_clicked(position)

    def _on_stroke_history(self, layer: Labels, method: str) -> None:
        getattr(layer, method)()
        self._callbacks.drawing_changed()

    def _on_prediction_history(self, _layer: Labels, method: str) -> None:
        self._callbacks.prediction_stepped(method)

    def _on_prediction_paint(self, event: Any) -> None:
        painted = painted_labels(event.value)
        self._accept_stroke(event, lambda: self._callbacks.prediction_painted(*painted))

    def _on_selected_label(self, event: Any) -> None:
        value = event.source.selected_label
        if 0 <= value <= MAX_VALUE:
            self._callbacks.label_picked(label_of(value) if value else None)

    def _on_mode(self) -> None:
        self._callbacks.mode_changed()

    def _pick_next_label(self, layer: Labels) -> None:
        self._callbacks.label_picked(largest_label(layer.data) + 1)

    def _on_paint(self, event: Any) -> None:
        self._accept_stroke(event, self._callbacks.drawing_changed)

    def _accept_stroke(self, event: Any, accept: Callable[[], object]) -> None:
        """Accept a stroke; one that fills much empty space must be confirmed."""
        layer = event.source
        share = filled_share(event.value, np.prod(layer.data.shape[-2:]))
        if str(layer.mode) == "fill" and share > MAX_FILLED_SHARE:
            self._callbacks.fill_requested(layer, accept, share)
        else:
            accept()

    def _on_lines_data(self, event: Any) -> None:
        if str(event.action) in ("added", "removed", "changed"):
            self._callbacks.drawing_changed()

    def _on_image_data(self, event: Any) -> None:
        self._callbacks.image_changed(event.source)

    def _on_removed(self, event: Any) -> None:
        self._callbacks.layer_removed(event.value)

    def _on_inserted(self, event: Any) -> None:
        self._callbacks.layer_inserted(event.value)


def largest_label(values: NDArray[Any]) -> int:
    """Return the largest label of strokes; 0 if there are none but background.

    Parameters
    ----------
    values : (..., H, W) ndarray of uint8 or uint16
        Pixel values of strokes.
    """
    return max(int(labels_of(part).max(initial=0)) for part in values)


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


def painted_labels(atoms: Iterable[Any]) -> tuple[Pixels, NDArray[Any]]:
    """List the pixels that a stroke changed, and the labels that it painted on them.

    The layer cannot be read for them: napari emits the event of a polygon before it
    writes the labels, and a running prediction may have replaced the frame.

    Parameters
    ----------
    atoms : iterable
        Value of napari's paint event. An atom is a tuple of indices, old and new
        labels, or, since napari 0.9, a bounding box `slice_key` with a `mask` and a
        `new_value`.

    Returns
    -------
    indices : tuple of (P,) ndarray of int
        One array per axis of the layer, in the order of painting.
    labels : (P,) ndarray of int
    """
    atoms = list(atoms)
    pixels = [_atom_pixels(atom) for atom in atoms]
    labels = [
        np.broadcast_to(np.ravel(getattr(atom, "new_value", atom[2])), len(indices[0]))
        for atom, indices in zip(atoms, pixels, strict=True)
    ]
    indices = tuple(np.concatenate(axis) for axis in zip(*pixels, strict=True))
    return indices, np.concatenate(labels)


def _atom_pixels(atom: Any) -> Pixels:
    box = getattr(atom, "slice_key", None)
    if box is None:
        return tuple(np.ravel(index) for index in atom[0])
    mask = atom.mask
    if mask is None:
        mask = np.ones([side.stop - side.start for side in box], bool)
    inside = np.nonzero(mask)
    return tuple(index + side.start for index, side in zip(inside, box, strict=True))
