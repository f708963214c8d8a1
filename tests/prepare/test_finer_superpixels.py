import numpy as np
import pytest

from napari_gnn_vos.config import PrepareSettings, SuperpixelSettings
from napari_gnn_vos.prepare.finer_superpixels import (
    FINER_SIZE,
    MIN_PART_PIXELS,
    intersect_superpixels,
    split_into_finer,
)
from napari_gnn_vos.prepare.graph_construction import graph_of_superpixels

SETTINGS = PrepareSettings()


def split_halves(finer):
    """Two superpixels, the left one of which is split."""
    labels = np.zeros(finer.shape, np.uint16)
    labels[:, finer.shape[1] // 2 :] = 1
    return labels, intersect_superpixels(labels, finer, np.array([True, False]))


def test_largest_part_keeps_its_number_and_others_get_new_ones():
    finer = np.zeros((10, 20), np.int32)
    finer[:, 4:7], finer[:, 7:] = 1, 2
    labels, (split, parents) = split_halves(finer)
    np.testing.assert_array_equal(split[0], [0] * 4 + [2] * 3 + [3] * 3 + [1] * 10)
    assert (split == split[0]).all()
    np.testing.assert_array_equal(parents, [0, 1, 0, 0])
    np.testing.assert_array_equal(parents[split], labels)


def test_small_parts_join_the_largest_one():
    finer = np.zeros((10, 20), np.int32)
    finer[0, : MIN_PART_PIXELS - 3] = 1
    labels, (split, parents) = split_halves(finer)
    np.testing.assert_array_equal(split, labels)
    np.testing.assert_array_equal(parents, [0, 1])


@pytest.fixture
def striped():
    """A frame with four superpixels, each with vertical stripes of 12 pixels."""
    image = np.full((96, 192, 3), 60, np.uint8)
    image[:, np.arange(192) // 12 % 2 == 1] = 200
    labels = np.repeat(np.arange(4, dtype=np.uint16), 48)[None].repeat(96, axis=0)
    appearance = np.arange(8, dtype=np.float16).reshape(4, 2)
    frame, _ = graph_of_superpixels(labels, image, None, None, appearance)
    return frame, image


def test_marked_superpixels_are_split_along_image_edges(striped):
    frame, image = striped
    marked = np.array([False, True, False, True])
    (split, means), parents = split_into_finer(
        frame, marked, image, (None, None), SETTINGS
    )
    counts = np.bincount(parents)
    assert counts[0] == counts[2] == 1
    assert 4 <= counts[1] <= 3 * 96 * 48 / FINER_SIZE
    np.testing.assert_array_equal(parents[split.labels], frame.labels)
    np.testing.assert_array_equal(split.appearance, frame.appearance[parents])
    assert len(means) == split.n == len(parents)
    parts = [image[split.labels == part] for part in np.flatnonzero(parents == 1)]
    is_uniform = [(part == part[0]).all() for part in parts]
    assert np.mean(is_uniform) > 0.8


def test_frame_stays_if_it_would_have_too_many_superpixels(striped, monkeypatch):
    frame, image = striped
    arguments = frame, np.ones(4, bool), image, (None, None), SETTINGS
    (split, _), _ = split_into_finer(*arguments)
    limit = "napari_gnn_vos.prepare.finer_superpixels.MAX_SUPERPIXELS"
    monkeypatch.setattr(limit, split.n)
    assert split_into_finer(*arguments) is not None
    monkeypatch.setattr(limit, split.n - 1)
    assert split_into_finer(*arguments) is None


def test_many_objects_limit_the_number_of_superpixels(striped, monkeypatch):
    frame, image = striped
    arguments = frame, np.ones(4, bool), image, (None, None), SETTINGS
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MAX_GROWTH", 8)
    settings = PrepareSettings(superpixels=SuperpixelSettings(per_frame=16))
    counts = {
        objects: split_into_finer(*arguments[:-1], settings, objects)
        for objects in (1, 16, 1000)
    }
    assert counts[1] is not None
    assert counts[16] is not None
    assert counts[1][0][0].n > counts[16][0][0].n > frame.n
    assert counts[1000] is None


@pytest.mark.parametrize("marked", [[False] * 4, [True, False, False, False]])
def test_frame_stays_without_large_marked_superpixels(striped, marked, monkeypatch):
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.FINER_SIZE", 96 * 48)
    frame, image = striped
    assert (
        split_into_finer(frame, np.array(marked), image, (None, None), SETTINGS) is None
    )
