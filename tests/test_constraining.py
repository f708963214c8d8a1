from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_gnn_vos.engine.constraining import (
    constrain_round,
    keep_locked,
    remove_absent,
)
from napari_gnn_vos.progress import PartialResult, Progress, drain
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

LABELS = hnp.arrays(np.uint8, (3, 4), elements=st.integers(0, 3))


def test_locked_object_neither_grows_nor_shrinks():
    previous = np.array([[1, 1, 0, 2, 3]], np.uint8)
    labels = np.array([[1, 2, 1, 1, 0]], np.uint8)
    assert keep_locked(labels, previous, {1}).tolist() == [[1, 1, 0, 2, 0]]
    assert keep_locked(labels, previous, {2, 3}).tolist() == [[1, 1, 1, 2, 3]]


@given(LABELS, LABELS, st.sets(st.integers(0, 3)))
def test_masks_of_locked_objects_are_equal_before_and_after(labels, previous, locked):
    kept = keep_locked(labels, previous, locked)
    for label in locked:
        np.testing.assert_array_equal(kept == label, previous == label)
    free = ~np.isin(labels, list(locked)) & ~np.isin(previous, list(locked))
    np.testing.assert_array_equal(kept[free], labels[free])


def test_absent_objects_are_background():
    labels = np.array([[1, 2, 3, 0]], np.uint8)
    assert remove_absent(labels, {1, 3}).tolist() == [[0, 2, 0, 0]]


def test_labels_above_255_are_kept_on_a_frame_of_8_bits():
    """A round without these objects has 8 bits; 300 and 44 are equal modulo 256."""
    previous = np.array([[300, 300, 44, 0, 400]], np.uint16)
    labels = np.array([[44, 0, 44, 2, 2]], np.uint8)
    kept = keep_locked(labels, previous, {300})
    assert kept.tolist() == [[300, 300, 44, 2, 2]]
    assert keep_locked(labels, previous, {300, 44}).tolist() == [[300, 300, 44, 2, 2]]
    assert remove_absent(labels, {300}).tolist() == labels.tolist()
    assert remove_absent(kept, {300}).tolist() == [[0, 0, 44, 2, 2]]


def test_round_without_an_object_above_255_keeps_its_locked_pixels(before):
    labels = before.packed_labels.widened()
    wide = np.stack([*labels]).astype(np.uint16)
    wide[:, 0, :2] = 300
    before = replace(before, packed_labels=LabelFrames.of(wide))
    rows = run(before, Constraints(frozenset([300]), frozenset([(1, 2)])))
    assert rows == [[300, 300, 1, 2], [300, 300, 1, 0], [300, 300, 1, 2]]


@pytest.fixture
def before():
    """Three frames with the labels 1 and 2 on one row."""
    video = Video.from_array(np.zeros((3, 16, 16), np.uint8), "toy")
    labels = np.zeros(video.shape, np.uint8)
    labels[:, 0, :4] = 1, 1, 2, 2
    return Session(video, graph=None, packed_labels=LabelFrames.of(labels))


def run(before, constraints, painted=None):
    """Predict label 3 on the first row, and shift both objects on the second."""
    before = replace(before, constraints=(constraints,))
    new = np.zeros(before.video.shape, np.uint8)
    new[:, 0, :4] = 3, 2, 1, 2
    steps = []

    def pipeline():
        yield Progress("label", 0, 1)
        yield PartialResult("label", 0, 1, 1, new[1])
        return replace(before, packed_labels=LabelFrames.of(new))

    painted = painted or PaintedPixels.empty()
    session = drain(constrain_round(pipeline(), before, painted), steps.append)
    rows = session.labels[:, 0, :4].tolist()
    assert steps[1].labels[0, :4].tolist() == rows[1]
    return rows


def test_locked_object_is_kept_in_all_frames(before):
    assert run(before, Constraints(locked=frozenset([1]))) == [[1, 1, 2, 2]] * 3


def test_strokes_change_a_locked_object(before):
    painted = PaintedPixels(*np.array([[1], [0], [0]], np.int32), np.uint8([2]))
    rows = run(before, Constraints(locked=frozenset([1])), painted)
    assert rows == [[1, 1, 2, 2], [2, 1, 2, 2], [1, 1, 2, 2]]


def test_absent_object_has_no_pixels_in_its_frame(before):
    rows = run(before, Constraints(absent=frozenset([(1, 2)])))
    assert rows == [[3, 2, 1, 2], [3, 0, 1, 0], [3, 2, 1, 2]]


def test_only_frames_of_the_range_change(before):
    rows = run(before, Constraints(frames=(1, 2)))
    assert rows == [[1, 1, 2, 2], [3, 2, 1, 2], [1, 1, 2, 2]]


def test_frames_outside_the_range_of_a_first_round_are_background(before):
    rows = run(replace(before, packed_labels=None), Constraints(frames=(1, 2)))
    assert rows == [[0] * 4, [3, 2, 1, 2], [0] * 4]


def test_closing_closes_the_round(before):
    closed = []

    def pipeline():
        try:
            yield Progress("label", 0, 1)
        finally:
            closed.append(True)

    locked = replace(before, constraints=(Constraints(locked=frozenset([1])),))
    running = constrain_round(pipeline(), locked, PaintedPixels.empty())
    next(running)
    running.close()
    assert closed == [True]
