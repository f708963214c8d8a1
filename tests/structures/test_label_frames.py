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


def test_compressed_labels_equal_the_array(labels):
    packed = LabelFrames.of(labels)
    assert (packed.shape, packed.ndim, packed.dtype) == (labels.shape, 3, np.uint8)
    assert (len(packed), packed.size) == (5, labels.size)
    assert packed.nbytes < labels.nbytes / 10
    np.testing.assert_array_equal(np.asarray(packed), labels)
    np.testing.assert_array_equal(np.array(packed, np.int64), labels)
    np.testing.assert_array_equal(list(packed), list(labels))


@pytest.mark.parametrize("copy_function", [LabelFrames.copy, copy.copy, copy.deepcopy])
def test_copy_is_a_writable_array(labels, copy_function):
    packed = LabelFrames.of(labels)
    changed = copy_function(packed)
    changed[0, 0, 0] = 9
    assert isinstance(changed, np.ndarray)
    assert packed[0, 0, 0] == 0


def test_astype_and_repr(labels):
    packed = LabelFrames.of(labels)
    assert packed.astype(np.int64).dtype == np.int64
    assert packed.astype(np.uint8).sum() == labels.sum()
    assert repr(packed) == "<5 frames of 20 x 30 labels, compressed>"


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
def test_indexing_equals_numpy(labels, key):
    np.testing.assert_array_equal(LabelFrames.of(labels)[key], labels[key])


def test_index_out_of_range_raises_an_error(labels):
    with pytest.raises(IndexError):
        LabelFrames.of(labels)[5]


def test_blank_frames_are_background():
    blank = LabelFrames.blank((4, 5, 6))
    assert blank.shape == (4, 5, 6)
    assert not np.asarray(blank).any()


def test_number_of_frames_must_match_the_shape(labels):
    with pytest.raises(ValueError, match="expected 5 frames, got 1"):
        LabelFrames(labels.shape, [pack(labels[0])])


def test_operators_equal_numpy(labels):
    packed = LabelFrames.of(labels)
    np.testing.assert_array_equal(packed == 2, labels == 2)
    np.testing.assert_array_equal(
        (packed > 1) & (labels < 4), (labels > 1) & (labels < 4)
    )
    np.testing.assert_array_equal(np.add(packed, packed), labels + labels)
    np.testing.assert_array_equal(np.unique(packed), np.unique(labels))


def test_array_attributes_are_available(labels):
    frames = LabelFrames.of(labels)
    assert (frames.max(), frames.sum(), frames.mean()) == (
        *(labels.max(), labels.sum(), labels.mean()),
    )
    np.testing.assert_array_equal(frames.T, labels.T)
    np.testing.assert_array_equal(frames.reshape(-1), labels.reshape(-1))
    with pytest.raises(AttributeError, match="no attribute 'compute'"):
        frames.compute()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ((1, slice(2, 4), slice(0, 3)), 7),
        ((slice(0, 2), slice(2, 4), slice(0, 3)), np.ones((2, 2, 3), np.uint8)),
        ((np.array([0, 2, 2]), np.array([1, 1, 4]), np.array([3, 0, 2])), [5, 6, 7]),
        ((np.array([0, 2]), np.array([1, 1]), np.array([3, 0])), 9),
        ((np.array([0, -1]), np.array([1, 1]), np.array([3, 0])), 9),
        ((-1,), 4),
    ],
)
def test_editable_frames_are_written_like_an_array(key, value):
    array = np.arange(3 * 5 * 6, dtype=np.uint8).reshape(3, 5, 6)
    frames = LabelFrames.of(array)
    edited = frames.editable()
    edited[key] = value
    expected = array.copy()
    expected[key] = value
    np.testing.assert_array_equal(np.asarray(edited), expected)
    np.testing.assert_array_equal(np.asarray(frames), array)


def test_replaced_frame_supersedes_edits_and_leaves_the_original(labels):
    original = LabelFrames.of(labels)
    editable = original.editable()
    editable[2, 0, 0] = 9
    editable.replace_frame(2, pack(labels[4]))
    np.testing.assert_array_equal(editable[2], labels[4])
    np.testing.assert_array_equal(original[2], labels[2])
    editable[2, 0, 0] = 9
    assert editable[2, 0, 0] == 9
    np.testing.assert_array_equal(editable[3], labels[3])
