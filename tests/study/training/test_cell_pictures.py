import numpy as np
import pytest

from napari_gnn_vos.study.training import cell_pictures
from napari_gnn_vos.study.training.cell_pictures import draw_cells
from napari_gnn_vos.vision import cv2

SEEDS = range(8)


def test_pictures_are_repeatable_and_grey():
    for seed in SEEDS:
        rgb, mask = draw_cells(np.random.default_rng(seed))
        again = draw_cells(np.random.default_rng(seed))
        np.testing.assert_array_equal(rgb, again.rgb)
        np.testing.assert_array_equal(mask, again.mask)
        assert rgb.shape == (*mask.shape, 3) == (450, 600, 3)
        assert (rgb == rgb[..., :1]).all()
        assert mask.any()
        assert not mask.all()


def ring(mask, inner, outer):
    """Pixels between `inner` and `outer` pixels from a mask."""
    distance = cv2.distanceTransform(1 - mask.astype(np.uint8), cv2.DIST_L2, 5)
    return (distance > inner) & (distance < outer)


def test_halo_of_phase_contrast_is_bright_background(monkeypatch):
    monkeypatch.setattr(cell_pictures, "RENDERERS", (cell_pictures.phase_contrast,))
    monkeypatch.setattr(cell_pictures, "SHARES", (1.0,))
    monkeypatch.setattr(cell_pictures, "ALL_SHARE", 1.0)
    brighter = 0
    for seed in SEEDS:
        rgb, mask = draw_cells(np.random.default_rng(seed))
        grey = rgb[..., 0]
        brighter += np.median(grey[ring(mask, 1, 4)]) > np.median(
            grey[ring(mask, 40, 90)]
        )
    assert brighter >= len(SEEDS) - 2


def test_cells_in_fluorescence_are_brighter_than_the_background(monkeypatch):
    monkeypatch.setattr(cell_pictures, "RENDERERS", (cell_pictures.fluorescence,))
    monkeypatch.setattr(cell_pictures, "SHARES", (1.0,))
    monkeypatch.setattr(cell_pictures, "ALL_SHARE", 1.0)
    for seed in SEEDS:
        rgb, mask = draw_cells(np.random.default_rng(seed))
        assert rgb[mask].mean() > rgb[~mask].mean() + 5


@pytest.mark.parametrize("seed", SEEDS)
def test_one_cell_lies_inside_one_outline(seed, monkeypatch):
    monkeypatch.setattr(cell_pictures, "ALL_SHARE", 0.0)
    _, mask = draw_cells(np.random.default_rng(seed))
    rows, columns = mask.nonzero()
    assert max(np.ptp(rows), np.ptp(columns)) < 6 * cell_pictures.RADIUS[1]
