import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import CheckpointError, ReadError
from napari_gnn_vos.model.backbone import BUNDLED, bundled_state, embedder
from napari_gnn_vos.model.boundary_decoder import (
    FEATURE_BLOCKS,
    BoundaryDecoder,
    ImageMaps,
    load_decoder,
    save_decoder,
)
from napari_gnn_vos.model.boundary_refiner import BoundaryRefiner
from napari_gnn_vos.model.encoded_video import tile_box, tile_corners
from napari_gnn_vos.model.loading import DECODER, WEIGHTS, load_boundary_refiner
from napari_gnn_vos.model.local_colours import (
    colour_statistics,
    fill_colour_windows,
    local_colour_likelihoods,
)


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    network = BoundaryDecoder().eval()
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.1)
    return network


@pytest.fixture(scope="module")
def refiner(decoder):
    return BoundaryRefiner(decoder, embedder(bundled_state(), FEATURE_BLOCKS))


def picture(shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (*shape, 3), np.uint8)


def coarse_of(frame, seed=1):
    shape = frame.lab.shape[:2]
    return np.random.default_rng(seed).random(shape, np.float32)


def whole_frame(decoder, frame, coarse):
    """Logit of the reference, which decodes all pixels at once."""
    maps = frame.stride2, frame.stride4, frame.stride8
    colours = local_colour_likelihoods(frame.lab, colour_statistics(frame.lab, coarse))
    with torch.inference_mode():
        logit = decoder(
            ImageMaps(*(level[None].float() for level in maps)),
            torch.from_numpy(coarse)[None, None],
            torch.from_numpy(colours)[None],
        )
    return logit[0, 0].numpy()


@pytest.mark.parametrize("shape", [(16, 16), (17, 90), (150, 200), (331, 410)])
def test_tiles_agree_with_whole_frames_inside_the_band(decoder, refiner, shape):
    frame = refiner.encode(picture(shape))
    coarse = coarse_of(frame)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        band = np.zeros(coarse.shape, bool)
        r, c = (rng.integers(size) for size in coarse.shape)
        band[r : r + 30, c : c + 50] = True
        logit = refiner.logits(frame, coarse, band)
        expected = whole_frame(decoder, frame, coarse)
        np.testing.assert_allclose(logit[band], expected[band], atol=1e-4)


def test_tiles_of_a_band():
    band = np.zeros((70, 40), bool)
    assert len(tile_corners(band)) == 0
    band[[0, 69], [0, 39]] = True
    np.testing.assert_array_equal(tile_corners(band), [[0, 0], [64, 32]])


def test_frames_encoded_in_a_box_give_the_logits_of_whole_frames(refiner):
    image = picture((400, 600))
    whole = refiner.encode(image)
    coarse, band = coarse_of(whole), np.zeros((200, 300), bool)
    band[90:120, 100:140] = True
    part = refiner.encode(image, tile_box(band))
    assert part.nbytes < 0.5 * whole.nbytes
    logits = (refiner.logits(frame, coarse, band) for frame in (part, whole))
    np.testing.assert_allclose(*(logit[band] for logit in logits), atol=0.02)


def test_a_frame_is_encoded_again_where_a_band_leaves_the_encoded_box(refiner):
    from napari_gnn_vos.structures.video import Video

    image = picture((400, 600))
    video = Video.from_array(np.stack([image, image]))
    frames = refiner.encoded_video(video, False)
    first, second = np.zeros((2, 200, 300), bool)
    first[60:70, 70:80], second[100:120, 90:100] = True, True
    encoded = frames.frame(0, first)
    assert frames.frame(0, first) is encoded
    larger = frames.frame(0, second)
    assert larger is not encoded
    assert frames.frame(0, first) is larger


def test_nothing_is_decoded_without_a_band(refiner):
    frame = refiner.encode(picture((40, 64)))
    coarse = coarse_of(frame)
    assert not refiner.logits(frame, coarse, np.zeros(coarse.shape, bool)).any()


def test_untrained_decoder_returns_the_coarse_logit():
    torch.manual_seed(0)
    refiner = BoundaryRefiner(
        BoundaryDecoder().eval(), embedder(bundled_state(), FEATURE_BLOCKS)
    )
    frame = refiner.encode(picture((48, 64)))
    coarse = np.clip(coarse_of(frame), 0.05, 0.95)
    logit = refiner.logits(frame, coarse, np.ones(coarse.shape, bool))
    np.testing.assert_allclose(logit, np.log(coarse / (1 - coarse)), atol=1e-5)


def test_inference_is_deterministic(refiner):
    image = picture((60, 70))
    band = np.ones((32, 36), bool)
    first, second = (
        refiner.logits(frame, coarse_of(frame), band)
        for frame in (refiner.encode(image), refiner.encode(image))
    )
    np.testing.assert_array_equal(first, second)


def test_encoded_frames_are_bounded_and_do_not_keep_the_video(refiner, monkeypatch):
    import gc
    import weakref

    from napari_gnn_vos.model import encoded_video
    from napari_gnn_vos.structures.video import Video

    monkeypatch.setattr(encoded_video, "ENCODED_BYTES", 70_000)
    video = Video.from_array(np.stack([picture((64, 64), t) for t in range(6)]))
    frames = refiner.encoded_video(video, False)
    assert refiner.encoded_video(video, False) is frames
    band = np.ones((32, 32), bool)
    size = max(frames.frame(t, band).nbytes for t in range(6))
    assert 0 < len(frames._cache) * size <= 70_000
    watch = weakref.ref(video)
    del video
    gc.collect()
    assert watch() is None


def test_colours_of_certain_pixels_decide():
    lab = np.full((40, 60, 3), 128, np.uint8)
    lab[:, 30:] = 60
    coarse = np.full((40, 60), 0.5, np.float32)
    coarse[:, :10], coarse[:, 50:] = 0.95, 0.05
    colours = local_colour_likelihoods(lab, colour_statistics(lab, coarse))
    assert colours.shape == (4, 40, 60)
    assert (colours[2, :, 12:28] > 0.3).all()
    assert (colours[2, :, 32:48] < -0.3).all()
    assert (colours[3, :, :5] > 0).all()
    assert np.abs(colours).max() <= 1


def test_colours_in_windows_are_those_of_the_frame_and_zero_outside():
    lab, coarse = (
        picture((40, 60)),
        np.random.default_rng(0).random((40, 60), np.float32),
    )
    statistics = colour_statistics(lab, coarse)
    whole = local_colour_likelihoods(lab, statistics)
    out = np.empty((2, 4, 20, 20), np.float32)
    fill_colour_windows(lab, statistics, np.array([[-5, 50], [10, 12]]), out)
    np.testing.assert_array_equal(out[0, :, 5:, :10], whole[:, :15, 50:])
    assert not out[0, :, :5].any()
    assert not out[0, :, :, 10:].any()
    np.testing.assert_array_equal(out[1], whole[:, 10:30, 12:32])


def test_weights_are_read_as_they_were_written(decoder, tmp_path):
    path = tmp_path / "decoder.safetensors"
    save_decoder(path, decoder, {"steps": 1})
    for name, value in load_decoder(path).state_dict().items():
        assert torch.equal(value, decoder.state_dict()[name])


def test_weights_of_another_network_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="another network"):
        load_decoder(BUNDLED)
    with pytest.raises(ReadError, match="missing"):
        load_decoder(tmp_path / "none.safetensors")


def test_shipped_weights_are_small_and_loaded_once():
    assert (WEIGHTS / f"{DECODER}.safetensors").stat().st_size < 200_000
    assert load_boundary_refiner() is load_boundary_refiner()
