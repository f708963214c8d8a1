import numpy as np
import pytest

from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.training.cut_out_pictures import (
    CutOutPictures,
    compose_over,
)
from napari_gnn_vos.study.training.masked_pictures import MaskedPicture, write_pictures
from napari_gnn_vos.study.training.photographs import PhotographSamples
from napari_gnn_vos.vision import cv2

RED, BLUE = (220, 20, 20), (20, 20, 220)


def red_square(side=100):
    rgb = np.full((160, 200, 3), (20, 160, 20), np.uint8)
    mask = np.zeros((160, 200), bool)
    mask[30 : 30 + side, 40 : 40 + side] = True
    rgb[mask] = RED
    return MaskedPicture(rgb, mask)


@pytest.fixture
def sources(tmp_path):
    stills, picture = tmp_path / "stills", red_square()
    for folder in ("images", "masks"):
        (stills / folder).mkdir(parents=True)
    for name in ("horse1", "coco_1"):
        # the polygon shows the background, so that its use as an object is noticed
        mask = picture.mask if name == "horse1" else ~picture.mask
        cv2.imwrite(str(stills / "images" / f"{name}.jpg"), picture.rgb[..., ::-1])
        cv2.imwrite(str(stills / "masks" / f"{name}.png"), mask.astype(np.uint8) * 255)
    frames = np.stack([picture.rgb] * 2)
    masks = picture.mask[None]
    return CutOutPictures((Video.from_array(frames),), (masks,), stills)


def test_the_mask_shows_the_object_over_the_background():
    background = np.full((240, 320, 3), BLUE, np.uint8)
    for seed in range(8):
        rgb, mask = compose_over(red_square(), background, np.random.default_rng(seed))
        assert rgb.shape == background.shape
        assert mask.any()
        red, _, blue = (rgb[..., c].astype(int) for c in range(3))
        inside = cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0
        outside = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7))) == 0
        assert (red > blue)[inside].mean() > 0.99
        assert (blue > red)[outside].mean() > 0.99


def test_no_colour_of_the_former_background_remains():
    background = np.full((240, 320, 3), BLUE, np.uint8)
    rgb, _ = compose_over(red_square(), background, np.random.default_rng(3))
    assert rgb[..., 1].max() < 100  # it was green, 160


def test_pictures_are_repeatable_and_read_as_photographs(sources, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        drain(write_pictures(sources, folder, 3, seed=1))
    for name in ("00000", "00001", "00002"):
        file = f"images/{name}.jpg"
        assert (first / file).read_bytes() == (second / file).read_bytes()
    (first / "masks" / "00001.png").unlink()
    drain(write_pictures(sources, first, 3, seed=1))
    masks = [cv2.imread(str(f / "masks/00001.png")) for f in (first, second)]
    np.testing.assert_array_equal(*masks)
    samples = PhotographSamples.of(first, tmp_path / "superpixels")
    assert len(samples.names) == 3
    sample = samples(np.random.default_rng(0))
    assert sample.known.all()
    assert 0.02 < sample.mask.mean() < 0.6


def test_objects_with_coarse_masks_are_not_cut_out(sources):
    rng = np.random.default_rng(0)
    for _ in range(20):
        rgb, mask = sources.draw_object(rng)
        assert rgb[mask].mean(axis=0)[0] > 150
