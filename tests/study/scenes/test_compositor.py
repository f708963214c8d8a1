import numpy as np
import pytest

from napari_gnn_vos.study.scenes.compositor import SpriteLayer, composite
from napari_gnn_vos.study.scenes.matting import cut_by_mask
from napari_gnn_vos.vision import cv2
from tests.scenes import BLUE, RED, SHAPE

GROUND = (40, 160, 40)


def block(rows, columns):
    mask = np.zeros(SHAPE, bool)
    mask[rows, columns] = True
    return mask


def painted(mask, colour):
    picture = np.full((*SHAPE, 3), GROUND, np.uint8)
    picture[mask] = colour
    return picture


def layer(mask, colour, shadow=0.0):
    alpha = mask.astype(np.float32)[..., None]
    sprite = np.concatenate([alpha * np.float32(colour), alpha], axis=2)
    return SpriteLayer(sprite, np.full(SHAPE, shadow, np.float32))


OBJECT = block(slice(10, 34), slice(16, 44))


def test_a_cutout_brings_no_ground_with_it():
    mixed = cv2.GaussianBlur(painted(OBJECT, RED), (0, 0), 1)
    cut = cut_by_mask(mixed, OBJECT)
    colours = cut.sprite[..., :3] / np.maximum(cut.sprite[..., 3:], 1e-3)
    shown = cut.sprite[..., 3] > 0.05
    assert np.abs(colours[shown] - RED).max() < 12


def test_a_cutout_ends_where_its_mask_ends():
    cut = cut_by_mask(painted(OBJECT, RED), OBJECT)
    x, y = cut.corner
    h, w = cut.sprite.shape[:2]
    inside = OBJECT[y : y + h, x : x + w]
    solid = cut.sprite[..., 3] >= 0.5
    assert not (solid & ~inside).any()
    assert solid.sum() > 0.95 * inside.sum()


def test_a_cutout_at_the_border_is_not_soft_there():
    mask = block(slice(10, 34), slice(0, 20))
    alpha = cut_by_mask(painted(mask, RED), mask).sprite[..., 3]
    assert alpha[18, 0] == pytest.approx(1)


def test_an_empty_mask_gives_nothing():
    assert cut_by_mask(painted(OBJECT, RED), np.zeros(SHAPE, bool)) is None


def test_what_is_before_covers_and_what_is_behind_is_covered():
    base = painted(OBJECT, RED)
    other = layer(block(slice(20, 28), slice(30, 60)), BLUE)
    picture, labels = composite(base, OBJECT, [other], behind=0)
    assert labels[24, 36] == labels[24, 50] == 2
    assert tuple(picture[24, 36]) == BLUE
    picture, labels = composite(base, OBJECT, [other], behind=1)
    assert (labels[24, 36], labels[24, 50]) == (1, 2)
    assert tuple(picture[24, 36]) == RED
    assert tuple(picture[24, 50]) == BLUE


def test_an_object_may_be_hidden_wholly():
    hidden = layer(block(slice(20, 24), slice(24, 30)), BLUE)
    picture, labels = composite(painted(OBJECT, RED), OBJECT, [hidden], behind=1)
    assert set(np.unique(labels)) == {0, 1}
    assert np.array_equal(picture, painted(OBJECT, RED))


def test_where_nothing_is_added_nothing_changes():
    base = painted(OBJECT, RED)
    base[OBJECT] += np.arange(OBJECT.sum(), dtype=np.uint8)[:, None] % 9
    other = layer(block(slice(40, 46), slice(2, 10)), BLUE)
    picture, _ = composite(base, OBJECT, [other, None], behind=2)
    same = np.ones(SHAPE, bool)
    same[40:46, 2:10] = False
    assert np.array_equal(picture[same], base[same])


def test_shadows_darken_what_is_behind_but_not_the_object_before():
    other = layer(block(slice(40, 46), slice(2, 10)), BLUE, shadow=0.5)
    picture, _ = composite(painted(OBJECT, RED), OBJECT, [other], behind=1)
    assert np.allclose(picture[4, 4], np.array(GROUND) / 2, atol=1)
    assert tuple(picture[24, 30]) == RED
