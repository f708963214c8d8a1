"""The list of labels, and the label and tool that are drawn with next."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Literal

from psygnal import Signal

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.palette import LAST_OBJECT, label_name
from napari_gnn_vos.structures.scribbles import BACKGROUND

Tool = Literal["brush", "lines"]


class ActiveLabel:
    """Active label and tool, and the list of labels with their names.

    Attributes
    ----------
    label : int
        Label that is drawn next; 0 is background.
    tool : {"brush", "lines"}
        Tool that draws it.
    names : mutable mapping of int to str
        Names of renamed objects.
    """

    changed = Signal()

    def __init__(self, objects: int = 2) -> None:
        self._labels = [*range(BACKGROUND, objects + 1)]
        self.label = 1
        self.tool: Tool = "brush"
        self.names: MutableMapping[int, str] = {}

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels in the list, ascending: background, then the objects."""
        return tuple(self._labels)

    def name_of(self, label: int) -> str:
        """Return the name of a label."""
        return self.names.get(label, label_name(label))

    def choose(self, label: int, tool: Tool | None = None) -> None:
        """Activate a label, and optionally a tool; the list is extended up to `label`.

        Raises
        ------
        ScribbleError
            If `label` is out of range.
        """
        if not BACKGROUND <= label <= LAST_OBJECT:
            raise ScribbleError(
                f"Objects are numbered 1 to {LAST_OBJECT}, and 0 is background; "
                f"{label} is neither. Choose one of these."
            )
        self._insert(range(self._labels[-1] + 1, label + 1) or [label])
        self.label, self.tool = label, tool or self.tool
        self.changed.emit()

    def restore(self, labels: Iterable[int], names: Mapping[int, str]) -> None:
        """Replace the list of objects and their names by those of a project."""
        self._labels = sorted({BACKGROUND, *labels})
        self.names.clear()
        self.names.update(names)
        if self.label not in self._labels:
            self.label = self._labels[-1]
        self.changed.emit()

    def list_objects(self, labels: Iterable[int]) -> None:
        """Insert objects into the list; none is removed."""
        self._insert(labels)
        self.changed.emit()

    def step(self, by: int) -> None:
        """Activate the label `by` places further in the list, cyclically."""
        row = self._labels.index(self.label) + by
        self.choose(self._labels[row % len(self._labels)])

    def add_object(self) -> int:
        """Add an object, activate it, and return its label.

        Raises
        ------
        ScribbleError
            If the list is full.
        """
        label = self._labels[-1] + 1
        self.names.pop(label, None)
        self.choose(label)
        return self.label

    def remove(self, label: int) -> None:
        """Remove an object from the list; if it was active, the next one becomes so.

        Raises
        ------
        ScribbleError
            If the list has no such object.
        """
        self._require(label)
        row = self._labels.index(label)
        self._labels.remove(label)
        if self.label == label:
            self.label = self._labels[row if row < len(self._labels) else -1]
        self.changed.emit()

    def discard(self, label: int) -> None:
        """Remove an object from the list if it is there."""
        if label in self._labels:
            self.remove(label)

    def rename(self, label: int, name: str) -> None:
        """Name an object; an empty name restores the default.

        Raises
        ------
        ScribbleError
            If the list has no such object.
        """
        self._require(label)
        name = name.strip()
        if name and name != label_name(label):
            self.names[label] = name
        else:
            self.names.pop(label, None)
        self.changed.emit()

    def _require(self, label: int) -> None:
        if label == BACKGROUND or label not in self._labels:
            raise ScribbleError(
                f"There is no object {label} in the list, which has "
                f"{self._labels[1:]}. Choose one of these."
            )

    def _insert(self, labels: Iterable[int]) -> None:
        for label in labels:
            if label not in self._labels:
                insort(self._labels, label)
