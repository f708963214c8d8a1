import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.interact.split_superpixels import split_superpixels
from tests.scenes import texture

HALVES = np.repeat(np.array([[0] * 8 + [1] * 8], np.uint16), 16, axis=0)


def split(labels, painted_pixels, image=None, contradicted=()):
    """Split by painted pixels {(row, col): label}."""
    row, col = np.array(list(painted_pixels), np.int32).reshape(-1, 2).T
    image = np.zeros((*labels.shape, 3), np.uint8) if image is None else image
    mask = np.isin(np.arange(labels.max() + 1), contradicted)
    values = np.array([*painted_pixels.values()], np.uint8)
    return split_superpixels(labels, image, row, col, values, mask)


def test_superpixels_with_one_label_are_not_split():
    assert split(HALVES, {}) is None
    assert split(HALVES, {(3, 3): 1, (3, 5): 1, (3, 10): 2}) is None


def test_split_follows_an_image_edge():
    image = np.full((16, 16, 3), 40, np.uint8)
    image[11:] = 220
    out, parents = split(HALVES, {(1, 4): 1, (14, 4): 2, (3, 12): 2}, image)
    assert parents.tolist() == [0, 1, 0]
    assert (out[:, 8:] == 1).all()
    assert (out[:10, :8] == 0).all()
    assert (out[12:, :8] == 2).all()


def test_superpixel_with_strokes_of_background_and_object_is_split():
    out, parents = split(HALVES, {(1, 4): 0, (14, 4): 3})
    assert parents.tolist() == [0, 1, 0]
    assert out[1, 4] != out[14, 4]


def test_adjacent_pixels_of_several_labels_are_separated():
    painted_pixels = {(4, 4): 1, (4, 5): 2, (5, 4): 3, (5, 5): 0}
    out, parents = split(HALVES, painted_pixels)
    assert parents.tolist() == [0, 1, 0, 0, 0]
    assert len({out[pixel] for pixel in painted_pixels}) == 4


def test_input_labels_are_not_modified():
    labels = HALVES.copy()
    split(labels, {(1, 4): 1, (14, 4): 2})
    np.testing.assert_array_equal(labels, HALVES)


def test_contradicted_superpixel_is_split_along_an_image_edge():
    image = np.full((16, 16, 3), 40, np.uint8)
    image[6:] = 220
    out, parents = split(HALVES, {(1, 4): 1, (1, 12): 1}, image, contradicted=[0])
    assert parents.tolist() == [0, 1, 0]
    assert (out[:, 8:] == 1).all()
    assert (out[:5, :8] == 0).all()
    assert (out[7:, :8] == 2).all()


def test_small_contradicted_superpixel_is_not_split():
    small = np.repeat(np.arange(4, dtype=np.uint16), 4)[None].repeat(8, axis=0)
    assert split(small, {(4, 1): 1}, contradicted=[0]) is None


def test_contradicted_superpixel_without_strokes_is_not_split():
    assert split(HALVES, {(1, 12): 1}, contradicted=[0]) is None


def test_contradicted_superpixel_with_several_labels_has_a_part_far_from_strokes():
    tall = np.zeros((40, 8), np.uint16)
    out, parents = split(tall, {(1, 4): 1, (5, 4): 2}, contradicted=[0])
    assert parents.tolist() == [0, 0, 0]
    assert len({out[1, 4], out[5, 4], out[39, 4]}) == 3


@given(seed=st.integers(0, 10**6), count=st.integers(1, 40), most=st.integers(1, 5))
def test_each_part_has_strokes_of_one_label(seed, count, most):
    rng = np.random.default_rng(seed)
    labels = np.kron(np.arange(12).reshape(3, 4), np.ones((6, 5))).astype(np.uint16)
    chosen = rng.choice(labels.size, count, replace=False)
    pixels = map(tuple, np.argwhere(labels >= 0)[chosen].tolist())
    painted_pixels = {pixel: int(rng.integers(0, most)) for pixel in pixels}
    result = split(labels, painted_pixels, texture(labels.shape, seed))
    out, parents = (labels, np.arange(12)) if result is None else result
    assert out.dtype == np.uint16
    np.testing.assert_array_equal(parents[:12], np.arange(12))
    np.testing.assert_array_equal(parents[out], labels)
    assert np.unique(out).tolist() == list(range(len(parents)))
    seen = {}
    for pixel, label in painted_pixels.items():
        assert seen.setdefault(out[pixel], label) == label
    mixed = {}
    for pixel, label in painted_pixels.items():
        mixed.setdefault(labels[pixel], set()).add(label)
    assert len(parents) == 12 + sum(len(names) - 1 for names in mixed.values())
