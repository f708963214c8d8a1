import copy

import numpy as np
import pytest

from napari_gnn_vos.structures.label_frames import LabelFrames, pack


@pytest.fixture
def labels():
    stack = np.zeros((5, 20, 30), np.uint8)
    for t in range(5):
        stack[t, t : t + 8, 3 : 12 + t] = t + 1
    return stack


def test_it_is_an_array_in_little_room(labels):
    packed = LabelFrames.of(labels)
    assert (packed.shape, packed.ndim, packed.dtype) == (labels.shape, 3, np.uint8)
    assert (len(packed), packed.size) == (5, labels.size)
    assert packed.nbytes < labels.nbytes / 10
    np.testing.assert_array_equal(np.asarray(packed), labels)
    np.testing.assert_array_equal(np.array(packed, np.int64), labels)
    np.testing.assert_array_equal(list(packed), list(labels))


@pytest.mark.parametrize("made", [LabelFrames.copy, copy.copy, copy.deepcopy])
def test_a_copy_is_an_array_that_can_be_changed(labels, made):
    packed = LabelFrames.of(labels)
    changed = made(packed)
    changed[0, 0, 0] = 9
    assert isinstance(changed, np.ndarray)
    assert packed[0, 0, 0] == 0


def test_it_is_converted_and_told_about(labels):
    packed = LabelFrames.of(labels)
    assert packed.astype(np.int64).dtype == np.int64
    assert packed.astype(np.uint8).sum() == labels.sum()
    assert repr(packed) == "<5 frames of 20 x 30 labels, packed>"


@pytest.mark.parametrize(
    "key",
    [
        2,
        -1,
        np.int64(3),
        (1, 5, 7),
        (0, slice(2, 9), slice(None)),
        slice(1, 4),
        slice(None, None, -2),
        (slice(2, None), 4),
        (slice(None), slice(3), slice(None, None, 2)),
        ...,
        (..., 3),
        ([0, 2], [5, 6], [7, 8]),
    ],
)
def test_indices_are_those_of_arrays(labels, key):
    np.testing.assert_array_equal(LabelFrames.of(labels)[key], labels[key])


def test_an_index_outside(labels):
    with pytest.raises(IndexError):
        LabelFrames.of(labels)[5]


def test_one_frame_exchanged_leaves_the_original(labels):
    packed = LabelFrames.of(labels)
    new = packed.exchange(2, labels[0])
    np.testing.assert_array_equal(new[2], labels[0])
    np.testing.assert_array_equal(packed[2], labels[2])
    np.testing.assert_array_equal(new[3:], labels[3:])


def test_blank_is_background_everywhere():
    blank = LabelFrames.blank((4, 5, 6))
    assert blank.shape == (4, 5, 6)
    assert not np.asarray(blank).any()


def test_frames_must_be_as_many_as_the_shape_says(labels):
    with pytest.raises(ValueError, match="5 frames expected, 1 came"):
        LabelFrames(labels.shape, [pack(labels[0])])


def test_it_is_compared_and_reckoned_with_as_an_array(labels):
    packed = LabelFrames.of(labels)
    np.testing.assert_array_equal(packed == 2, labels == 2)
    np.testing.assert_array_equal(
        (packed > 1) & (labels < 4), (labels > 1) & (labels < 4)
    )
    np.testing.assert_array_equal(np.add(packed, packed), labels + labels)
    np.testing.assert_array_equal(np.unique(packed), np.unique(labels))


def test_what_only_an_array_has(labels):
    frames = LabelFrames.of(labels)
    assert (frames.max(), frames.sum(), frames.mean()) == (
        *(labels.max(), labels.sum(), labels.mean()),
    )
    np.testing.assert_array_equal(frames.T, labels.T)
    np.testing.assert_array_equal(frames.reshape(-1), labels.reshape(-1))
    with pytest.raises(AttributeError, match="no attribute 'compute'"):
        frames.compute()
