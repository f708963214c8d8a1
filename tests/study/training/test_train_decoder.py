import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.model.boundary_decoder import load_decoder
from napari_gnn_vos.study.training.decoder_samples import (
    CROP,
    CollectedSamples,
    MixedSamples,
    draw_crop,
)
from napari_gnn_vos.study.training.photographs import (
    POLYGON_WEIGHT,
    PhotographSamples,
    imitate_coarse,
)
from napari_gnn_vos.study.training.train_decoder import DecoderSettings, train_decoder
from napari_gnn_vos.vision import cv2


@pytest.fixture
def stills(tmp_path):
    rng = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for name in ("coco_1", "horse1"):
        mask = np.zeros((120, 160), np.uint8)
        mask[30:90, 40:110] = 255
        mask[28:30] = 128
        image = np.where(mask[..., None] == 255, 200, 60) + rng.normal(
            0, 8, (120, 160, 3)
        )
        cv2.imwrite(str(tmp_path / "images" / f"{name}.jpg"), image.clip(0, 255))
        cv2.imwrite(str(tmp_path / "masks" / f"{name}.png"), mask)
    return tmp_path


@pytest.fixture
def collected(tmp_path):
    folder = tmp_path / "predictions"
    folder.mkdir()
    mask = np.zeros((100, 140), np.uint8)
    mask[20:70, 30:100] = 255
    planes = np.dstack([cv2.blur(mask, (15, 15)), mask, mask])
    cv2.imwrite(str(folder / "a-film-1-00003-2.png"), planes)
    cv2.imwrite(str(folder / "a-film-00003.jpg"), np.dstack([mask] * 3))
    return folder


def test_unknown_pixels_and_polygons_weigh_less(stills):
    source = PhotographSamples.of(stills, stills / "superpixels")
    rng, weights = np.random.default_rng(0), set()
    for _ in range(12):
        picture = source(rng)
        weights.add(picture.boundary_weight)
        assert not picture.known[28:30].any()
        assert picture.known.mean() > 0.9
    assert POLYGON_WEIGHT in weights
    assert len(weights) == 2


def test_photographs_are_left_out_by_name(stills):
    assert PhotographSamples.of(stills, stills / "s", ("coco_",)).names == ("horse1",)
    with pytest.raises(ReadError, match="photographs"):
        PhotographSamples.of(stills / "masks", stills / "s")


def test_imitated_predictions_are_constant_per_superpixel_and_mostly_right():
    labels = np.kron(np.arange(48).reshape(6, 8), np.ones((20, 20), int))
    mask = labels % 8 < 4
    coarse = imitate_coarse(labels, mask, np.random.default_rng(0))
    assert all(len(np.unique(coarse[labels == n])) == 1 for n in range(48))
    assert ((coarse > 0.5) == mask).mean() > 0.8


def test_crops_have_one_size(stills, collected):
    sources = (
        CollectedSamples.of(collected, ("a-film",)),
        PhotographSamples.of(stills, stills / "superpixels"),
    )
    rng = np.random.default_rng(0)
    for _ in range(8):
        crop = draw_crop(MixedSamples(sources, (0.6, 0.4)), rng)
        assert crop.rgb.shape == (CROP, CROP, 3)
        assert all(array.shape == (CROP, CROP) for array in crop[1:4])


def test_sources_are_mixed_by_their_shares():
    sources = tuple((lambda rng, value=value: value) for value in "abc")
    rng = np.random.default_rng(0)
    drawn = [MixedSamples(sources, (6.0, 0.0, 2.0))(rng) for _ in range(400)]
    assert drawn.count("b") == 0
    assert 260 < drawn.count("a") < 340


def test_sequences_without_predictions_are_named(collected):
    with pytest.raises(ReadError, match="b-film"):
        CollectedSamples.of(collected, ("a-film", "b-film"))


def test_training_writes_weights_and_starts_from_given_ones(collected, tmp_path):
    source = CollectedSamples.of(collected, ("a-film",))

    def draw(rng):
        return draw_crop(source, rng)

    first = train_decoder(
        draw, tmp_path / "a.safetensors", DecoderSettings(steps=4, batch=2), {}
    )
    weights = load_decoder(first).state_dict()
    assert weights["output.weight"].abs().max() > 0
    settings = DecoderSettings(steps=1, batch=2, rate=1e-9, initial=first)
    second = train_decoder(draw, tmp_path / "b.safetensors", settings, {})
    for name, value in load_decoder(second).state_dict().items():
        np.testing.assert_allclose(value, weights[name], atol=1e-5)
