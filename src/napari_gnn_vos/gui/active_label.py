"""What is drawn next, and with what."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, MutableMapping
from typing import Literal

from psygnal import Signal

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.palette import LAST_OBJECT, label_name
from napari_gnn_vos.structures.scribbles import BACKGROUND

Tool = Literal["brush", "lines"]


class ActiveLabel:
    """The chosen object and tool, and the list of objects.

    Attributes
    ----------
    label : int
        What is drawn next; 0 is background.
    tool : {"brush", "lines"}
        What it is drawn with.
    names : mutable mapping of int to str
        What objects are called that were given a name.
    """

    changed = Signal()

    def __init__(self, objects: int = 2) -> None:
        self._labels = [*range(BACKGROUND, objects + 1)]
        self.label = 1
        self.tool: Tool = "brush"
        self.names: MutableMapping[int, str] = {}

    @property
    def labels(self) -> tuple[int, ...]:
        """All labels of the list: background, then the objects, rising."""
        return tuple(self._labels)

    def name_of(self, label: int) -> str:
        """Return what a label is called."""
        return self.names.get(label, label_name(label))

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
        self._list(range(self._labels[-1] + 1, label + 1) or [label])
        self.label, self.tool = label, tool or self.tool
        self.changed.emit()

    def list_objects(self, labels: Iterable[int]) -> None:
        """Let the list hold some objects; it does not shrink."""
        self._list(labels)
        self.changed.emit()

    def step(self, by: int) -> None:
        """Choose the label that lies `by` places further in the list, going round."""
        at = self._labels.index(self.label) + by
        self.choose(self._labels[at % len(self._labels)])

    def add_object(self) -> int:
        """Add an object, choose it, and return its label."""
        new = self._labels[-1] + 1
        self.names.pop(new, None)
        self.choose(new)
        return self.label

    def drop(self, label: int) -> None:
        """Take an object off the list; if it was chosen, the next one is.

        Raises
        ------
        ScribbleError
            If it is no object of the list.
        """
        self._require(label)
        at = self._labels.index(label)
        self._labels.remove(label)
        if self.label == label:
            self.label = self._labels[at if at < len(self._labels) else -1]
        self.changed.emit()

    def rename(self, label: int, name: str) -> None:
        """Call an object something else; by its number again if `name` is empty.

        Raises
        ------
        ScribbleError
            If it is no object of the list.
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

    def _list(self, labels: Iterable[int]) -> None:
        for label in labels:
            if label not in self._labels:
                insort(self._labels, label)
