"""Groups of objects that are predicted as one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels


@dataclass(frozen=True, slots=True)
class Groups:
    """Partition of objects: a group of several is predicted as one object.

    Parameters
    ----------
    members : tuple of tuple of int
        Labels of the objects of each group, ascending; groups by their first label,
        which represents them.
    """

    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of_one(cls, objects: tuple[int, ...]) -> Groups:
        """Put each object into a group of its own."""
        return cls(tuple((label,) for label in objects))

    @classmethod
    def with_one(cls, grouped: Collection[int], objects: tuple[int, ...]) -> Groups:
        """Put some objects into one group, and each other into a group of its own."""
        group = tuple(label for label in objects if label in grouped)
        rest = tuple((label,) for label in objects if label not in grouped)
        return (
            cls(tuple(sorted((group, *rest))))
            if len(group) > 1
            else cls.of_one(objects)
        )

    @property
    def grouped(self) -> tuple[int, ...]:
        """Labels of all objects in groups of several."""
        return tuple(k for group in self.members if len(group) > 1 for k in group)

    @property
    def objects(self) -> tuple[int, ...]:
        """Labels of all objects, ascending."""
        return tuple(sorted(label for group in self.members for label in group))

    @property
    def first_labels(self) -> tuple[int, ...]:
        """Labels that represent the groups."""
        return tuple(group[0] for group in self.members)

    @property
    def trivial(self) -> bool:
        """Whether all groups have one object."""
        return all(len(group) == 1 for group in self.members)

    def merge(self, node_labels: SuperpixelLabels) -> SuperpixelLabels:
        """Replace labels of objects by those that represent their groups."""
        if self.trivial:
            return node_labels
        count = 1 + max(max(group) for group in self.members)
        table = np.arange(-1, count, dtype=np.int16)
        for group in self.members:
            table[np.array(group) + 1] = group[0]
        return SuperpixelLabels(
            table[node_labels.drawn + 1],
            table[node_labels.propagated + 1],
            table[node_labels.presumed + 1],
        )
