"""What is drawn next, and with what."""

from __future__ import annotations

from typing import Literal

from psygnal import Signal

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.palette import LAST_OBJECT
from napari_gnn_vos.structures.scribbles import BACKGROUND

Tool = Literal["brush", "lines"]


class Pen:
    """The chosen object and tool, and how many objects there are.

    Attributes
    ----------
    label : int
        What is drawn next; 0 is background.
    objects : int
        Objects in the list, 1 to `objects`.
    tool : {"brush", "lines"}
        What it is drawn with.
    """

    changed = Signal()

    def __init__(self, objects: int = 2) -> None:
        self.objects = objects
        self.label = 1
        self.tool: Tool = "brush"

    @property
    def labels(self) -> range:
        """All labels of the list: background, then the objects."""
        return range(BACKGROUND, self.objects + 1)

    def choose(self, label: int, tool: Tool | None = None) -> None:
        """Draw `label` next, and maybe with another tool; the list grows to hold it.

        Raises
        ------
        ScribbleError
            If there can be no such label.
        """
        if not BACKGROUND <= label <= LAST_OBJECT:
            raise ScribbleError(
                f"Objects are numbered 1 to {LAST_OBJECT}, and 0 is background; "
                f"{label} is neither. Choose one of these."
            )
        self.objects = max(self.objects, label)
        self.label, self.tool = label, tool or self.tool
        self.changed.emit()

    def list_objects(self, last: int) -> None:
        """Let the list hold the objects 1 to `last`; it does not shrink."""
        self.objects = max(self.objects, last)
        self.changed.emit()

    def step(self, by: int) -> None:
        """Choose the label that lies `by` places further in the list, going round."""
        self.choose((self.label + by) % (self.objects + 1))

    def add_object(self) -> int:
        """Add an object, choose it, and return its label."""
        self.choose(self.objects + 1)
        return self.label
