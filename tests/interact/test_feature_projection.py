from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.errors import CheckpointError, ReadError, SettingsError
from napari_gnn_vos.interact.feature_projection import (
    FeatureProjection,
    fit_ridge,
    load_projection,
    save_projection,
)


def linear(columns=3, outputs=2):
    """A projection that appends columns 0 and 1 where they are positive."""
    first = np.eye(columns, outputs, dtype=np.float32)
    return FeatureProjection(
        np.array([1, 2, 3], np.float32)[:columns],
        first,
        np.zeros(outputs, np.float32),
        np.eye(outputs, dtype=np.float32),
        np.full(outputs, 0.5, np.float32),
        np.array([0.01], np.float32),
        np.array([4.0], np.float32),
    )


def test_projected_columns_follow_the_weighted_inputs():
    projected = linear()(np.array([[1, -1, 1]], np.float32))
    np.testing.assert_allclose(projected, [[1, -2, 3, 1.5, 0.5]])
    assert projected.dtype == np.float32


def test_other_number_of_columns_is_refused():
    with pytest.raises(CheckpointError, match="3 columns"):
        linear()(np.zeros((2, 4), np.float32))


def test_ridge_without_regularization_is_weighted_least_squares():
    rng = np.random.default_rng(0)
    x, is_label = rng.normal(size=(40, 3)), np.arange(40) < 10
    weights = rng.uniform(0.5, 2, 40)
    coefficients, intercept = fit_ridge(x.astype(np.float32), is_label, weights, 1e-9)
    balanced = weights / np.where(is_label, weights[:10].sum(), weights[10:].sum())
    root, target = np.sqrt(balanced)[:, None], np.where(is_label, 1, -1)
    extended = np.column_stack([x, np.ones(40)])
    expected, *_ = np.linalg.lstsq(root * extended, root[:, 0] * target, rcond=None)
    np.testing.assert_allclose([*coefficients, intercept], expected, atol=1e-3)


def test_regularization_shrinks_coefficients():
    x, is_label = np.array([[1.0], [-1.0]], np.float32), np.array([True, False])
    (weak,), _ = fit_ridge(x, is_label, np.ones(2), 1e-6)
    (strong,), _ = fit_ridge(x, is_label, np.ones(2), 1.0)
    assert weak == pytest.approx(1, abs=1e-3)
    assert strong == pytest.approx(0.5, abs=1e-3)


def test_classifier_returns_a_scaled_logit():
    projection = linear()
    x = projection(np.array([[2, 0, 0], [-2, 0, 0]], np.float32))
    is_label, ones = np.array([True, False]), np.ones(2)
    coefficients, intercept = projection.fit(x, is_label, ones)
    unscaled, offset = fit_ridge(x, is_label, ones, 0.01)
    np.testing.assert_allclose(coefficients, 4 * unscaled, rtol=1e-5)
    assert intercept == pytest.approx(4 * offset)
    assert (x @ coefficients + intercept)[0] > 2


def test_saved_projection_is_loaded(tmp_path):
    path = tmp_path / "projection.safetensors"
    save_projection(path, linear(), "{}")
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(load_projection(str(path))(x), linear()(x))


def test_unknown_missing_and_other_files_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="neither"):
        load_projection("unknown")
    missing = tmp_path / "missing.safetensors"
    with pytest.raises(ReadError, match="missing"):
        load_projection(str(missing))
    missing.write_bytes(b"nothing")
    with pytest.raises(ReadError, match="safetensors"):
        load_projection(str(missing))
    other = tmp_path / "other.safetensors"
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(2, np.float32)}, other)
    with pytest.raises(CheckpointError, match="other weights"):
        load_projection(str(other))


def test_bundled_projection_fits_the_prepared_features():
    projection = load_projection("feature-projection")
    assert projection(np.zeros((1, 205), np.float32)).shape == (1, 269)
    assert np.isfinite(replace(projection).hidden_weights).all()
