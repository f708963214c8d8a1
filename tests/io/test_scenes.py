import cv2
import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io import cutouts
from napari_gnn_vos.io.cutouts import cut_blob, cut_out, photograph
from napari_gnn_vos.io.outlines import OUTLINES
from napari_gnn_vos.io.scenes import BACKDROPS, compose_scene

SMALL = (72, 128)


def test_a_scene_is_as_large_as_asked_for():
    video, truth = compose_scene(frames=3)
    assert video.frames.shape == (3, 240, 426, 3)
    assert truth.shape == (3, 240, 426)
    assert (video.frames.dtype, truth.dtype) == (np.uint8, np.uint8)


def test_a_seed_always_gives_the_same_scene():
    one, again, other = (compose_scene(seed, 3, SMALL) for seed in (1, 1, 2))
    assert one[0].fingerprint() == again[0].fingerprint() != other[0].fingerprint()
    np.testing.assert_array_equal(one[1], again[1])


@pytest.mark.parametrize("objects", [1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_every_object_shows_in_the_first_frame(seed, objects):
    _, truth = compose_scene(seed, 2, SMALL, objects)
    shares = np.bincount(truth[0].ravel(), minlength=objects + 1) / truth[0].size
    assert len(shares) == objects + 1
    assert shares.min() > 0.005


def test_objects_move_smoothly_and_cover_each_other():
    _, truth = compose_scene(0, 30, SMALL, 2)
    areas = np.stack([(truth == label).sum((1, 2)) for label in (1, 2)], 1)
    assert areas[:, 0].min() < 0.7 * areas[0, 0]
    middles = np.array([np.argwhere(mask == 2).mean(0) for mask in truth])
    steps = np.linalg.norm(np.diff(middles, axis=0), axis=1)
    assert 0.2 < steps.max() < 5
    assert np.abs(np.diff(steps)).max() < 0.5


def test_truth_lies_on_the_object(monkeypatch):
    """A white object before black: half of white is where its label ends."""
    sprite = np.full((60, 60, 4), 255, np.uint8)
    monkeypatch.setattr("napari_gnn_vos.io.photo_sprites.cut_out", lambda name: sprite)
    monkeypatch.setattr("napari_gnn_vos.io.photo_sprites.cut_blob", lambda rng: sprite)
    black = np.zeros((80, 80, 3), np.uint8)
    monkeypatch.setattr("napari_gnn_vos.io.scenes.photograph", lambda name: black)
    video, truth = compose_scene(3, 8, SMALL, 1)
    seen = video.frames[5][..., 0]
    assert (seen[truth[5] == 1] > 100).all()
    assert (seen[truth[5] == 0] < 150).all()


@pytest.mark.parametrize(
    "odd",
    [{"objects": 0}, {"objects": 6}, {"frames": 1}, {"shape": (20, 99)}, {"seed": -1}],
    ids=str,
)
def test_a_scene_that_cannot_be_is_refused(odd):
    with pytest.raises(SettingsError, match="1 to 5 objects"):
        compose_scene(**odd)


@pytest.mark.parametrize("name", OUTLINES)
def test_objects_are_cut_out_in_one_piece(name):
    alpha = cut_out(name)[..., 3]
    pieces, _ = cv2.connectedComponents((alpha > 127).astype(np.uint8))
    assert pieces == 2
    assert 0.25 < (alpha > 127).mean() < 0.95
    assert ((alpha > 0) & (alpha < 255)).any()


@pytest.mark.parametrize("seed", range(10))
def test_random_shapes_are_in_one_piece_and_not_cropped(seed):
    alpha = cut_blob(np.random.default_rng(seed))[..., 3]
    pieces, _ = cv2.connectedComponents((alpha > 127).astype(np.uint8))
    assert pieces == 2
    assert min(alpha.shape) > 30
    edges = [alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]
    assert max(edge.max() for edge in edges) == 0


@pytest.mark.parametrize("name", [*BACKDROPS, *cutouts.TEXTURES])
def test_photographs_ship_with_scikit_image(name):
    assert photograph(name).shape[2] == 3


def test_a_missing_photograph_is_refused():
    with pytest.raises(ReadError, match=r"nobody\.png inside scikit-image"):
        photograph("nobody.png")
