import numpy as np
import pytest

from napari_gnn_vos.study.matting import cut_by_mask
from napari_gnn_vos.study.scenes.compositor import SpriteLayer, composite
from napari_gnn_vos.vision import cv2
from tests.scenes import BLUE, RED, SHAPE

BACKGROUND = (40, 160, 40)


def block(rows, columns):
    mask = np.zeros(SHAPE, bool)
    mask[rows, columns] = True
    return mask


def painted(mask, colour):
    picture = np.full((*SHAPE, 3), BACKGROUND, np.uint8)
    picture[mask] = colour
    return picture


def layer(mask, colour, shadow=0.0):
    alpha = mask.astype(np.float32)[..., None]
    sprite = np.concatenate([alpha * np.float32(colour), alpha], axis=2)
    return SpriteLayer(sprite, np.full(SHAPE, shadow, np.float32))


OBJECT = block(slice(10, 34), slice(16, 44))


def test_cutout_contains_no_background_colour():
    mixed = cv2.GaussianBlur(painted(OBJECT, RED), (0, 0), 1)
    cut = cut_by_mask(mixed, OBJECT)
    colours = cut.sprite[..., :3] / np.maximum(cut.sprite[..., 3:], 1e-3)
    visible = cut.sprite[..., 3] > 0.05
    assert np.abs(colours[visible] - RED).max() < 12


def test_opaque_pixels_of_a_cutout_are_inside_the_mask():
    cut = cut_by_mask(painted(OBJECT, RED), OBJECT)
    x, y = cut.corner
    h, w = cut.sprite.shape[:2]
    inside = OBJECT[y : y + h, x : x + w]
    opaque = cut.sprite[..., 3] >= 0.5
    assert not (opaque & ~inside).any()
    assert opaque.sum() > 0.95 * inside.sum()


def test_cutout_is_opaque_at_the_frame_border():
    mask = block(slice(10, 34), slice(0, 20))
    alpha = cut_by_mask(painted(mask, RED), mask).sprite[..., 3]
    assert alpha[18, 0] == pytest.approx(1)


def test_empty_mask_has_no_cutout():
    assert cut_by_mask(painted(OBJECT, RED), np.zeros(SHAPE, bool)) is None


def test_layers_in_front_occlude_and_layers_behind_are_occluded():
    base = painted(OBJECT, RED)
    sprite = layer(block(slice(20, 28), slice(30, 60)), BLUE)
    picture, labels = composite(base, OBJECT, [sprite], behind=0)
    assert labels[24, 36] == labels[24, 50] == 2
    assert tuple(picture[24, 36]) == BLUE
    picture, labels = composite(base, OBJECT, [sprite], behind=1)
    assert (labels[24, 36], labels[24, 50]) == (1, 2)
    assert tuple(picture[24, 36]) == RED
    assert tuple(picture[24, 50]) == BLUE


def test_fully_occluded_layer_has_no_label():
    hidden = layer(block(slice(20, 24), slice(24, 30)), BLUE)
    picture, labels = composite(painted(OBJECT, RED), OBJECT, [hidden], behind=1)
    assert set(np.unique(labels)) == {0, 1}
    assert np.array_equal(picture, painted(OBJECT, RED))


def test_pixels_without_layers_are_unchanged():
    base = painted(OBJECT, RED)
    base[OBJECT] += np.arange(OBJECT.sum(), dtype=np.uint8)[:, None] % 9
    sprite = layer(block(slice(40, 46), slice(2, 10)), BLUE)
    picture, _ = composite(base, OBJECT, [sprite, None], behind=2)
    unchanged = np.ones(SHAPE, bool)
    unchanged[40:46, 2:10] = False
    assert np.array_equal(picture[unchanged], base[unchanged])


def test_shadow_darkens_the_background_but_not_the_object_in_front():
    sprite = layer(block(slice(40, 46), slice(2, 10)), BLUE, shadow=0.5)
    picture, _ = composite(painted(OBJECT, RED), OBJECT, [sprite], behind=1)
    assert np.allclose(picture[4, 4], np.array(BACKGROUND) / 2, atol=1)
    assert tuple(picture[24, 30]) == RED
