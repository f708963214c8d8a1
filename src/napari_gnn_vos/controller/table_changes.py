"""Differences between tables of objects, which undo and redo apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from napari_gnn_vos.controller.object_table import ObjectTable

V = TypeVar("V")


def rebase_table(
    current: ObjectTable, base: ObjectTable, target: ObjectTable
) -> ObjectTable:
    """Apply the difference between two tables to another one.

    Parameters
    ----------
    current : ObjectTable
    base, target : ObjectTable
        Tables after and before an action that is undone.

    Returns
    -------
    table : ObjectTable
        `target` wherever it differs from `base`, `current` elsewhere.
    """
    if current == base:
        return target
    removed = set(base.labels) - set(target.labels)
    kept = tuple(label for label in current.labels if label not in removed)
    labels = replace(current, labels=kept).with_labels(target.labels).labels
    if set(labels) == set(target.labels):
        labels = target.labels if base.labels != target.labels else current.labels
    return ObjectTable(
        labels,
        _rebase_mapping(current.names, base.names, target.names),
        _rebase_mapping(current.colours, base.colours, target.colours),
        _rebase_set(current.locked, base.locked, target.locked),
        _rebase_set(current.hidden, base.hidden, target.hidden),
        current.solo if base.solo == target.solo else target.solo,
        _rebase_set(current.absent, base.absent, target.absent),
    )


def _rebase_mapping(
    current: Mapping[int, str], base: Mapping[int, str], target: Mapping[int, str]
) -> dict[int, str]:
    unchanged = {k for k in current if base.get(k) == target.get(k)}
    changed = {k: v for k, v in target.items() if base.get(k) != v}
    return {k: current[k] for k in unchanged} | changed


def _rebase_set(
    current: frozenset[V], base: frozenset[V], target: frozenset[V]
) -> frozenset[V]:
    return (current - (base - target)) | (target - base)
