"""Keys of the viewer, none of which napari takes on labels, shapes or image layers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_gnn_vos.gui.annotate_widget import AnnotateWidget


def actions(widget: AnnotateWidget) -> dict[str, Callable[[], object]]:
    """Tell what every key does."""
    annotator, pen = widget.annotator, widget.annotator.pen
    return {
        "G": annotator.predict,
        "U": annotator.undo,
        "Shift-U": annotator.redo,
        "N": pen.add_object,
        "W": annotator.look,
        "J": lambda: pen.step(1),
        "K": lambda: pen.step(-1),
        "H": widget.toggle_answer,
    }


def bind_keys(viewer: ViewerModel, widget: AnnotateWidget) -> Callable[[], None]:
    """Bind the keys that are still free.

    Returns
    -------
    unbind : callable
        Gives them back.
    """
    bound = []
    for key, action in actions(widget).items():

        def press(_viewer: Any, do: Callable[[], object] = action) -> None:
            widget.attempt(do)

        with suppress(ValueError):  # a person's own binding stays
            viewer.bind_key(key, press)
            bound.append(key)

    def unbind() -> None:
        for key in bound:
            viewer.bind_key(key, None)

    return unbind
