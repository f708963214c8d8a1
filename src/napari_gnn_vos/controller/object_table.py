"""The objects of a video in the order of their list, with all their properties."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, islice
from typing import TypeVar

from napari_gnn_vos.controller.palette import (
    LAST_OBJECT,
    Rgba,
    colour_of,
    from_hex,
    label_name,
    to_hex,
)
from napari_gnn_vos.errors import ScribbleError, abbreviated_list
from napari_gnn_vos.structures.scribbles import BACKGROUND

V = TypeVar("V")

MAX_LISTED = 20
"""Largest number of objects that a message lists."""


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """Labels in the order of the list, and their properties.

    Every method that changes a property returns a new table.

    Parameters
    ----------
    labels : tuple of int
        Background, 0, is first.
    names : mapping of int to str
        Names that differ from the default.
    colours : mapping of int to str
        Colours that differ from the default, ``#rrggbb``.
    locked : frozenset of int
        Objects whose labels do not change.
    hidden : frozenset of int
        Objects that are not shown.
    solo : int or None
        The only object that is shown.
    absent : frozenset of (int, int)
        Frame and label of objects that are annotated as absent.
    """

    labels: tuple[int, ...] = (BACKGROUND, 1, 2)
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    locked: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    solo: int | None = None
    absent: frozenset[tuple[int, int]] = frozenset()

    @property
    def objects(self) -> tuple[int, ...]:
        """Labels without background."""
        return tuple(label for label in self.labels if label != BACKGROUND)

    @property
    def invisible(self) -> frozenset[int]:
        """Objects that are not shown, because they are hidden or another is solo."""
        if self.solo is None:
            return self.hidden
        return frozenset(self.objects) - {self.solo}

    @property
    def absent_frames(self) -> dict[int, list[int]]:
        """Frames in which objects are annotated as absent, ascending, by label."""
        frames: dict[int, list[int]] = {}
        for frame, label in sorted(self.absent):
            frames.setdefault(label, []).append(frame)
        return frames

    def is_invisible(self, label: int) -> bool:
        """Whether an object is not shown."""
        if self.solo is None:
            return label in self.hidden
        return label not in (self.solo, BACKGROUND)

    def differing(self, other: ObjectTable) -> frozenset[int]:
        """Return the labels in the list whose properties differ in another table."""
        labels = self.locked ^ other.locked
        labels |= {label for _, label in self.absent ^ other.absent}
        labels |= self.invisible ^ other.invisible
        for mine, theirs in ((self.names, other.names), (self.colours, other.colours)):
            both = mine.keys() | theirs.keys()
            labels |= {label for label in both if mine.get(label) != theirs.get(label)}
        return labels & {*self.labels}

    def name_of(self, label: int) -> str:
        """Return the name of a label."""
        return self.names.get(label, label_name(label))

    def colour_of(self, label: int) -> Rgba:
        """Return the colour of a label."""
        text = self.colours.get(label)
        return colour_of(label) if text is None else from_hex(text)

    def require(self, label: int) -> None:
        """Check that an object is in the list.

        Raises
        ------
        ScribbleError
            If it is not.
        """
        if label == BACKGROUND:
            raise ScribbleError(
                "Background is not an object. Select an object in the list."
            )
        if label not in self.objects:
            numbers = abbreviated_list(self.objects, MAX_LISTED) or "none"
            raise ScribbleError(
                f"There is no object {label}; the list has {numbers}. Choose another, "
                "or press Add object."
            )

    def require_unlocked(self, label: int) -> None:
        """Check that an object is in the list and is not locked.

        Raises
        ------
        ScribbleError
            If it is not in the list, or is locked.
        """
        self.require(label)
        if label in self.locked:
            raise ScribbleError(f"{self.name_of(label)} is locked. Unlock it first.")

    def free_labels(self, count: int) -> list[int]:
        """Return numbers for new objects: above all labels, then unused smaller ones.

        Raises
        ------
        ScribbleError
            If fewer numbers are free.
        """
        used, last = {*self.labels}, max(self.labels)
        numbers = chain(range(last + 1, LAST_OBJECT + 1), range(1, last))
        free = list(islice((n for n in numbers if n not in used), count))
        if len(free) < count:
            raise ScribbleError(
                f"Objects are numbered 1 to {LAST_OBJECT}; {len(free)} numbers are "
                f"free, and {count} are needed. Merge or remove objects first."
            )
        return free

    def with_labels(self, labels: Iterable[int]) -> ObjectTable:
        """Insert labels after all smaller ones; the listed ones stay in place."""
        new = sorted({*labels}.difference(self.labels))
        if not new:
            return self
        rows = {label: row for row, label in enumerate(self.labels)}
        ascending = sorted(rows)
        last_rows = list(accumulate((rows[label] for label in ascending), max))
        behind: dict[int, list[int]] = {}  # by row of the last smaller label
        for label in new:
            smaller = bisect(ascending, label)
            behind.setdefault(last_rows[smaller - 1] if smaller else -1, []).append(
                label
            )
        listed = behind.get(-1, [])
        for row, label in enumerate(self.labels):
            listed += [label, *behind.get(row, ())]
        return replace(self, labels=tuple(listed))

    def without(self, label: int) -> ObjectTable:
        """Remove an object and its properties."""
        self.require(label)
        return replace(
            self,
            labels=tuple(each for each in self.labels if each != label),
            names={k: v for k, v in self.names.items() if k != label},
            colours={k: v for k, v in self.colours.items() if k != label},
            locked=self.locked - {label},
            hidden=self.hidden - {label},
            solo=None if self.solo == label else self.solo,
            absent=frozenset(pair for pair in self.absent if pair[1] != label),
        )

    def renamed(self, label: int, name: str) -> ObjectTable:
        """Name an object; an empty name restores the default."""
        self.require(label)
        name = name.strip()
        default = name in ("", label_name(label))
        return replace(self, names=_assigned(self.names, label, name, default))

    def recoloured(self, label: int, colour: str) -> ObjectTable:
        """Assign a colour; an empty one restores the default.

        Raises
        ------
        ScribbleError
            If there is no such object, or the colour is not ``#rrggbb``.
        """
        self.require(label)
        colour = _checked(colour)
        default = _is_default(label, colour)
        return replace(self, colours=_assigned(self.colours, label, colour, default))

    def moved(self, label: int, row: int) -> ObjectTable:
        """Move an object to a row of the list; row 0 is background."""
        self.require(label)
        others = [each for each in self.labels if each != label]
        others.insert(min(max(row, 1), len(others)), label)
        return replace(self, labels=tuple(others))

    def with_locked(self, label: int, locked: bool) -> ObjectTable:
        """Lock or unlock an object."""
        self.require(label)
        return replace(self, locked=_switched(self.locked, label, locked))

    def with_hidden(self, label: int, hidden: bool) -> ObjectTable:
        """Hide or show an object; show all others that are not hidden."""
        self.require(label)
        return replace(self, hidden=_switched(self.hidden, label, hidden), solo=None)

    def with_solo(self, label: int | None) -> ObjectTable:
        """Show an object only, or all that are not hidden."""
        if label is not None:
            self.require(label)
        return replace(self, solo=label)

    def with_absent(self, frame: int, label: int, absent: bool) -> ObjectTable:
        """Set whether an object is annotated as absent in a frame."""
        self.require(label)
        return replace(self, absent=_switched(self.absent, (frame, label), absent))

    def with_defaults(
        self, names: Mapping[int, str], colours: Mapping[int, str]
    ) -> ObjectTable:
        """Add names and colours of a file, where none is assigned."""
        labels = {label for label in (*names, *colours) if 0 < label <= LAST_OBJECT}
        names = {k: v.strip() for k, v in names.items() if k in labels}
        colours = {k: _checked(v) for k, v in colours.items() if k in labels}
        new_names = {k: v for k, v in names.items() if v not in ("", label_name(k))}
        new_colours = {k: v for k, v in colours.items() if not _is_default(k, v)}
        return replace(
            self.with_labels(labels),
            names=new_names | dict(self.names),
            colours=new_colours | dict(self.colours),
        )


Tables = tuple[ObjectTable, ObjectTable]
"""Tables of objects before and after an action."""


class ObjectStore:
    """Reference to the table of a video, which its layers and the controller share.

    Parameters
    ----------
    table : ObjectTable
    """

    def __init__(self, table: ObjectTable | None = None) -> None:
        self.table = table or ObjectTable()


def _checked(colour: str) -> str:
    """Return a colour in lower case, if it has the form ``#rrggbb`` or is empty."""
    colour = colour.lower()
    if colour and not re.fullmatch("#[0-9a-f]{6}", colour):
        raise ScribbleError(
            f"Expected a colour #rrggbb such as #ff8800; got {colour!r}."
        )
    return colour


def _is_default(label: int, colour: str) -> bool:
    return colour in ("", to_hex(colour_of(label)))


def _assigned(
    values: Mapping[int, str], label: int, value: str, default: bool
) -> dict[int, str]:
    others = {k: v for k, v in values.items() if k != label}
    return others if default else others | {label: value}


def _switched(members: Set[V], member: V, on: bool) -> frozenset[V]:
    return frozenset(members | {member} if on else members - {member})
