"""The active label, the active tool, and the table of objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from psygnal import Signal

from napari_gnn_vos.controller.object_table import ObjectStore, ObjectTable
from napari_gnn_vos.controller.palette import LAST_OBJECT
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.structures.scribbles import BACKGROUND

Tool = Literal["brush", "lines", "superpixels"]
MAX_ADDED = 100
"""Largest number of objects that are added to the list at once."""


class ActiveLabel:
    """Active label and tool, and the table of objects.

    Attributes
    ----------
    label : int
        Label that is drawn next; 0 is background.
    tool : {"brush", "lines", "superpixels"}
        Tool that draws it.
    """

    changed = Signal()  # a label or a tool was activated
    table_changed = Signal()

    def __init__(self) -> None:
        self._store = ObjectStore()
        self.label = 1
        self.tool: Tool = "brush"

    @property
    def table(self) -> ObjectTable:
        """The objects of the open video."""
        return self._store.table

    @table.setter
    def table(self, table: ObjectTable) -> None:
        labels = self._store.table.labels
        row = labels.index(self.label) if self.label in labels else len(labels)
        self._store.table = table
        if self.label not in table.labels:
            self.label = table.labels[min(row, len(table.labels) - 1)]
            self.changed.emit()
        self.table_changed.emit()

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels in the order of the list; background is first."""
        return self.table.labels

    def name_of(self, label: int) -> str:
        """Return the name of a label."""
        return self.table.name_of(label)

    def open(self, store: ObjectStore) -> None:
        """Use the table of another video; the active label is kept if it is listed."""
        self._store = store
        if self.label not in self.labels:
            self.label = self.labels[-1]
        self.table_changed.emit()

    def choose(self, label: int, tool: Tool | None = None) -> None:
        """Activate a label, which is added to the list, and optionally a tool.

        Up to 100 missing numbers below `label` are added, too.

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
        if label not in self.labels:
            missing = range(max(self.labels) + 1, label + 1)
            few = 0 < len(missing) <= MAX_ADDED
            self._store.table = self.table.with_labels(missing if few else [label])
            self.table_changed.emit()
        self.label, self.tool = label, tool or self.tool
        self.changed.emit()

    def list_objects(self, labels: Iterable[int]) -> None:
        """Insert objects into the list; none is removed."""
        self._store.table = self.table.with_labels(labels)
        self.table_changed.emit()
        self.changed.emit()

    def step(self, by: int) -> None:
        """Activate the label `by` places further in the list, cyclically."""
        row = self.labels.index(self.label) + by
        self.choose(self.labels[row % len(self.labels)])
