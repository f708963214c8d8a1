import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io.samples import cutouts
from napari_gnn_vos.io.samples.cutouts import (
    cut_out_object,
    cut_out_random_shape,
    read_photograph,
)
from napari_gnn_vos.io.samples.outlines import OUTLINES
from napari_gnn_vos.io.samples.photo_scenes import BACKGROUNDS, compose_scene
from napari_gnn_vos.vision import cv2

SMALL = (72, 128)


def test_scene_has_the_default_size():
    video, truth = compose_scene(frames=3)
    assert video.frames.shape == (3, 240, 426, 3)
    assert truth.shape == (3, 240, 426)
    assert (video.frames.dtype, truth.dtype) == (np.uint8, np.uint8)


def test_same_seed_gives_same_scene():
    first, repeated, different = (compose_scene(seed, 3, SMALL) for seed in (1, 1, 2))
    assert (
        first[0].fingerprint()
        == repeated[0].fingerprint()
        != different[0].fingerprint()
    )
    np.testing.assert_array_equal(first[1], repeated[1])


@pytest.mark.parametrize("objects", [1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_every_object_is_visible_in_frame_0(seed, objects):
    _, truth = compose_scene(seed, 2, SMALL, objects)
    shares = np.bincount(truth[0].ravel(), minlength=objects + 1) / truth[0].size
    assert len(shares) == objects + 1
    assert shares.min() > 0.005


def test_objects_move_smoothly_and_occlude_each_other():
    _, truth = compose_scene(0, 30, SMALL, 2)
    areas = np.stack([(truth == label).sum((1, 2)) for label in (1, 2)], 1)
    assert areas[:, 0].min() < 0.7 * areas[0, 0]
    centres = np.array([np.argwhere(mask == 2).mean(0) for mask in truth])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert 0.2 < steps.max() < 5
    assert np.abs(np.diff(steps)).max() < 0.5


def test_truth_matches_the_drawn_object(monkeypatch):
    """White object on black: the label covers pixels of at least half the intensity."""
    sprite = np.full((60, 60, 4), 255, np.uint8)
    monkeypatch.setattr(
        "napari_gnn_vos.io.samples.photo_sprites.cut_out_object", lambda name: sprite
    )
    monkeypatch.setattr(
        "napari_gnn_vos.io.samples.photo_sprites.cut_out_random_shape",
        lambda rng: sprite,
    )
    black = np.zeros((80, 80, 3), np.uint8)
    monkeypatch.setattr(
        "napari_gnn_vos.io.samples.photo_scenes.read_photograph", lambda name: black
    )
    video, truth = compose_scene(3, 8, SMALL, 1)
    red = video.frames[5][..., 0]
    assert (red[truth[5] == 1] > 100).all()
    assert (red[truth[5] == 0] < 150).all()


@pytest.mark.parametrize(
    "parameters",
    [{"objects": 0}, {"objects": 6}, {"frames": 1}, {"shape": (20, 99)}, {"seed": -1}],
    ids=str,
)
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(SettingsError, match="1 to 5 objects"):
        compose_scene(**parameters)


@pytest.mark.parametrize("name", OUTLINES)
def test_cutouts_have_one_component(name):
    alpha = cut_out_object(name)[..., 3]
    components, _ = cv2.connectedComponents((alpha > 127).astype(np.uint8))
    assert components == 2
    assert 0.25 < (alpha > 127).mean() < 0.95
    assert ((alpha > 0) & (alpha < 255)).any()


@pytest.mark.parametrize("seed", range(10))
def test_random_shapes_have_one_component_and_are_not_cropped(seed):
    alpha = cut_out_random_shape(np.random.default_rng(seed))[..., 3]
    components, _ = cv2.connectedComponents((alpha > 127).astype(np.uint8))
    assert components == 2
    assert min(alpha.shape) > 30
    edges = [alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]
    assert max(edge.max() for edge in edges) == 0


@pytest.mark.parametrize("name", [*BACKGROUNDS, *cutouts.TEXTURE_PHOTOGRAPHS])
def test_photographs_ship_with_scikit_image(name):
    assert read_photograph(name).shape[2] == 3


def test_missing_photograph_is_refused():
    with pytest.raises(ReadError, match=r"nobody\.png inside scikit-image"):
        read_photograph("nobody.png")
