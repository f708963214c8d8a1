"""Partition of the objects into groups that are predicted as one object each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels


@dataclass(frozen=True, slots=True)
class ObjectGroups:
    """Partition of the objects; all objects of a group are predicted as one.

    Parameters
    ----------
    members : tuple of tuple of int
        Labels of the objects of each group, ascending. The first label represents the
        group; groups are sorted by it.
    """

    members: tuple[tuple[int, ...], ...]

    @classmethod
    def singletons(cls, objects: tuple[int, ...]) -> ObjectGroups:
        """Put each object into a group of its own."""
        return cls(tuple((label,) for label in objects))

    @classmethod
    def with_group(
        cls, grouped: Collection[int], objects: tuple[int, ...]
    ) -> ObjectGroups:
        """Put `grouped` objects into one group, and each other object into its own."""
        group = tuple(label for label in objects if label in grouped)
        if len(group) < 2:
            return cls.singletons(objects)
        rest = tuple((label,) for label in objects if label not in grouped)
        return cls(tuple(sorted((group, *rest))))

    @property
    def grouped(self) -> tuple[int, ...]:
        """Labels of all objects in groups of two or more."""
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
    def all_single(self) -> bool:
        """Whether all groups have one object."""
        return all(len(group) == 1 for group in self.members)

    def merge(self, node_labels: SuperpixelLabels) -> SuperpixelLabels:
        """Replace labels of objects by those that represent their groups.

        Labels outside of all groups are kept.
        """
        if self.all_single:
            return node_labels
        sources = node_labels.drawn, node_labels.propagated, node_labels.presumed
        largest = max(*self.objects, *(int(labels.max()) for labels in sources))
        table = np.arange(-1, largest + 1, dtype=np.int16)
        for group in self.members:
            table[np.array(group) + 1] = group[0]
        return SuperpixelLabels(*(table[labels + 1] for labels in sources))
