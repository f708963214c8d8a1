"""Records of the log: their number and length do not grow with what is unchanged."""

from dataclasses import replace

import numpy as np

from napari_gnn_vos.io.project import pixel_runs
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.pixel_runs import canvas_records
from napari_gnn_vos.structures.project import (
    ProjectObject,
    SavedEntry,
    SavedHistory,
    SavedObjects,
)

SHAPE = (3, 20, 30)


def reloaded(log, without=()):
    """Load the lines of a log, some of them damaged."""
    lines = [b"0 {}\n" if i in without else line for i, line in enumerate(log.lines)]
    copy = ProjectLog(SHAPE)
    damaged = copy.load(b"".join(lines))
    assert damaged >= len(without)
    return copy


def history(count, current=None):
    entries = tuple(SavedEntry(-1, 0, 0, action=f"action {i}") for i in range(count))
    return SavedHistory(entries, count - 1 if current is None else current)


def test_active_label_is_recorded_without_the_objects():
    log = ProjectLog(SHAPE)
    objects = SavedObjects(tuple(ProjectObject(i) for i in range(1, 1001)))
    position = log.record_objects(objects, 1)
    assert log.format_version == 2  # it has labels above 254
    for active in (7, 7, 300):
        assert log.record_objects(objects, active) == position
    assert log.position == position + 2  # the second 7 is not recorded
    assert max(map(len, log.lines[position:])) < 100
    copy = reloaded(log)
    assert (copy.objects, copy.active) == (objects, 300)
    assert copy.objects_at(position) == objects


def test_record_of_the_active_label_has_the_format_version_2():
    log = ProjectLog(SHAPE)
    log.record_objects(SavedObjects((ProjectObject(1), ProjectObject(2))), 1)
    assert log.format_version == 1
    log.record_active(2)
    assert log.format_version == reloaded(log).format_version == 2


def test_length_of_the_history_records_is_proportional_to_its_entries():
    log, lengths = ProjectLog(SHAPE), {}
    for count in range(1, 401):
        log.record_history(history(count))
        assert log.history == history(count)
        lengths[count] = sum(map(len, log.lines))
    assert lengths[400] < 2.5 * lengths[200]
    assert reloaded(log).history == history(400)


def test_undo_and_amended_entries_are_reloaded():
    log = ProjectLog(SHAPE)
    log.record_history(history(10))
    log.record_history(history(10, current=4))
    shorter = history(5)
    log.record_history(shorter)
    assert reloaded(log).history == shorter
    changed = replace(shorter.entries[3], action="another")
    amended = SavedHistory((*shorter.entries[:3], changed, shorter.entries[4]), 3)
    log.record_history(amended)
    assert reloaded(log).history == amended


def test_history_after_a_damaged_record_is_not_combined_with_an_older_one():
    log = ProjectLog(SHAPE)
    log.record_history(history(6))
    other = SavedEntry(-1, 0, 0, action="other")
    replaced = SavedHistory((*history(3).entries, other), 3)
    log.record_history(replaced)
    log.record_history(SavedHistory((*replaced.entries, other), 4))
    assert reloaded(log, without=[1]).history == history(6)
    while len(log.history.entries) < 40:  # a later record has all entries
        log.record_history(SavedHistory((*log.history.entries, other), 4))
    entries = reloaded(log, without=[1]).history.entries
    assert len(entries) > 6
    assert entries == log.history.entries[: len(entries)]


def test_only_rows_of_a_stroke_are_encoded(monkeypatch):
    shapes, where = [], np.where

    def record(condition, *values):
        shapes.append(condition.shape)
        return where(condition, *values)

    monkeypatch.setattr(pixel_runs.np, "where", record)
    old, new = np.zeros((2000, 300), np.uint8), np.zeros((2000, 300), np.uint8)
    new[700:703, 299], new[703, 0] = 4, 4
    (stroke,) = canvas_records(1, old, new, time="", round=1)
    assert stroke.runs == [
        *(700 * 300 + 299, 1, 701 * 300 + 299, 1),
        *(702 * 300 + 299, 2),  # the last pixel of a row and the first of the next
    ]
    assert shapes == [(4, 300)]
    assert list(canvas_records(1, new, new, time="", round=1)) == []
