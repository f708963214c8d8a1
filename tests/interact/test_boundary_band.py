import numpy as np

from napari_gnn_vos.interact.boundary_band import (
    BAND_RADIUS,
    boundary_band,
    halve_probability,
    label_band,
)

NAMES = np.array([0, 4, 9], np.uint8)


def halves(shape=(16, 24)):
    """Superpixels of the left and of the right half."""
    labels = np.zeros(shape, np.uint16)
    labels[:, shape[1] // 2 :] = 1
    return labels


def labelled(logits, bands, labels, probability):
    names = NAMES[: probability.shape[1]]
    pixels = names[probability.argmax(axis=1)][labels]
    return pixels, label_band(logits, bands, labels, probability, names, pixels)


def test_probability_is_averaged_over_squares_and_repeated_beyond_the_frame():
    labels = np.array([[0, 1, 1], [1, 1, 0]], np.uint16)
    out = np.empty((2, 2), np.float32)
    halve_probability(labels, np.array([1.0, 0.0], np.float32), out)
    np.testing.assert_allclose(out, [[0.25, 0.5], [0.0, 1.0]])


def test_band_follows_the_boundary_and_includes_uncertain_pixels():
    mask = np.zeros((80, 80), bool)
    mask[:, :40] = True
    coarse = np.where(mask, 0.9, 0.1).astype(np.float32)
    band = boundary_band(mask, coarse)
    assert band[:, 40 - BAND_RADIUS // 2 + 1 : 40 + BAND_RADIUS // 2 - 1].all()
    assert not band[:, : 40 - BAND_RADIUS // 2 - 1].any()
    coarse[5, 5] = 0.5
    assert boundary_band(mask, coarse)[5, 5]


def test_small_and_thin_objects_have_no_band():
    coarse = np.full((120, 160), 0.1, np.float32)
    for box in ((slice(40, 60), slice(40, 60)), (slice(40, 47), slice(0, 160))):
        mask = np.zeros(coarse.shape, bool)
        mask[box] = True
        assert not boundary_band(mask, coarse).any()
    mask[40:72, 40:72] = True
    assert boundary_band(mask, coarse).any()


def test_band_is_empty_without_boundary():
    for value in (0.0, 1.0):
        coarse = np.full((8, 8), value, np.float32)
        assert not boundary_band(coarse > 0.5, coarse).any()


def test_labels_outside_the_band_stay():
    labels, sure = halves(), np.eye(3, dtype=np.float32)[[1, 0]]
    logits, bands = np.full((2, 8, 12), 9.0, np.float32), np.zeros((2, 8, 12), bool)
    pixels, pooled = labelled(logits, bands, labels, sure)
    np.testing.assert_array_equal(pixels, NAMES[[1, 0]][labels])
    np.testing.assert_array_equal(pooled, sure)


def test_decoded_objects_compete():
    labels = halves()
    coarse = np.array([[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]], np.float32)
    bands = np.ones((2, 8, 12), bool)
    logits = np.zeros((2, 8, 12), np.float32)
    logits[0, :, :6], logits[1, :, :6] = -1, 2
    logits[:, :, 6:] = -3
    pixels, pooled = labelled(logits, bands, labels, coarse)
    assert (pixels[:, :10] == 9).all()
    assert (pixels[:, 14:] == 0).all()
    np.testing.assert_allclose(pooled.sum(axis=1), 1, atol=1e-5)
    assert pooled[0].argmax() == 2
    assert pooled[1].argmax() == 0


def test_touching_objects_leave_no_background_between_them():
    labels = halves()
    coarse = np.array([[0, 1, 0], [0, 0, 1]], np.float32)
    ramp = np.linspace(3, -3, 12, dtype=np.float32) * np.ones((8, 1), np.float32)
    logits, bands = np.stack([ramp, -ramp]), np.ones((2, 8, 12), bool)
    pixels, _ = labelled(logits, bands, labels, coarse)
    assert set(np.unique(pixels)) == {4, 9}


def test_interpolation_reads_inside_the_band_only():
    labels, coarse = halves((8, 8)), np.array([[0, 1], [1, 0]], np.float32)
    bands = np.zeros((1, 4, 4), bool)
    bands[0, 1, 1] = True
    logits = np.full((1, 4, 4), np.nan, np.float32)
    logits[0, 1, 1] = 2
    pixels, pooled = labelled(logits, bands, labels, coarse)
    assert (pixels[2:4, 2:4] == 4).all()
    assert np.isfinite(pooled).all()
