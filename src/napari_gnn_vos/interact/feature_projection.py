"""Learned projection of the label model's inputs, and the ridge classifier on it.

The projection is trained by meta-learning: a ridge classifier on projected features,
fitted to the strokes and seeds of a video, classifies the other superpixels of it.

References
----------
L. Bertinetto et al., "Meta-learning with differentiable closed-form solvers", ICLR
2019.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from napari_gnn_vos.errors import CheckpointError, ReadError, SettingsError
from napari_gnn_vos.storage import atomic_write

F32 = NDArray[np.float32]
BUNDLED = "feature-projection"
"""Name of the projection that ships with the package."""
INTERCEPT_PENALTY = 1e-4
"""Penalty of the squared intercept, so that the system of equations is regular."""
WEIGHTS = Path(__file__).parents[1] / "model" / "weights"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureProjection:
    r"""Two-layer perceptron whose outputs are appended to its weighted inputs.

    .. math:: z = [\,a \odot x,\; W_2\,\mathrm{ReLU}(W_1 x + b_1) + b_2\,]

    Parameters
    ----------
    input_weights : (C,) ndarray of float32
        The weights a.
    hidden_weights : (C, H) ndarray of float32
    hidden_bias : (H,) ndarray of float32
    output_weights : (H, P) ndarray of float32
    output_bias : (P,) ndarray of float32
    regularization : (1,) ndarray of float32
        Regularisation of the classifier, see `fit_ridge`.
    logit_scale : (1,) ndarray of float32
        Factor from the classifier's output to the logit.
    """

    input_weights: F32
    hidden_weights: F32
    hidden_bias: F32
    output_weights: F32
    output_bias: F32
    regularization: F32
    logit_scale: F32

    def __call__(self, standardised: F32) -> F32:
        """Project standardised inputs, (n, C) to (n, C + P).

        Raises
        ------
        CheckpointError
            If the number of columns is not that of the training.
        """
        columns = len(self.input_weights)
        if standardised.shape[1] != columns:
            raise CheckpointError(
                f"Expected {columns} columns, the number that the feature projection "
                f"was trained on; got {standardised.shape[1]}. Prepare the video "
                "again, or set label_model.projection to ''."
            )
        hidden = np.maximum(standardised @ self.hidden_weights + self.hidden_bias, 0)
        projected = hidden @ self.output_weights + self.output_bias
        weighted = standardised * self.input_weights
        return np.concatenate([weighted, projected], axis=1)

    def fit(
        self, features: F32, is_label: NDArray[np.bool_], weights: NDArray[np.floating]
    ) -> tuple[F32, float]:
        """Fit a classifier to projected samples; return weights and intercept.

        The logistic function of its output is a probability. See `fit_ridge`.
        """
        regularization = float(self.regularization[0])
        coefficients, intercept = fit_ridge(features, is_label, weights, regularization)
        scale = self.logit_scale[0]
        return coefficients * scale, float(intercept * scale)


def fit_ridge(
    features: F32,
    is_label: NDArray[np.bool_],
    weights: NDArray[np.floating],
    regularization: float,
) -> tuple[F32, float]:
    r"""Fit a linear classifier by weighted ridge regression.

    With features :math:`z_m`, targets :math:`t_m` of 1 for the label and -1 for the
    rest, and weights :math:`v_m` that sum to 1 over each of the two classes, the
    coefficients :math:`\beta` and the intercept :math:`\beta_0` minimise

    .. math:: \sum_m v_m (\beta^T z_m + \beta_0 - t_m)^2
              + \lambda\,\overline{\mathrm{diag}(M)}\,|\beta|^2
              + 10^{-4} \beta_0^2, \qquad M = \sum_m v_m z_m z_m^T.

    Parameters
    ----------
    features : (M, D) ndarray of float32
    is_label : (M,) ndarray of bool
        Contains both values.
    weights : (M,) ndarray of float
        Sample weights; the label and the rest get the same total weight.
    regularization : float
        The factor :math:`\lambda`.

    Returns
    -------
    coefficients : (D,) ndarray of float32
    intercept : float
    """
    totals = np.where(is_label, weights[is_label].sum(), weights[~is_label].sum())
    ones = np.ones((len(features), 1), np.float32)
    extended = np.concatenate([features, ones], axis=1).astype(np.float64)
    weighted = extended.T * (weights / totals)
    moments = weighted @ extended
    penalty = np.full(len(moments), regularization * np.diag(moments)[:-1].mean())
    penalty[-1] = INTERCEPT_PENALTY
    target = np.where(is_label, 1.0, -1.0)
    solution = np.linalg.solve(moments + np.diag(penalty), weighted @ target)
    return solution[:-1].astype(np.float32), float(solution[-1])


def save_projection(path: Path, projection: FeatureProjection, metadata: str) -> None:
    """Write a projection to a safetensors file; replace a file atomically.

    Parameters
    ----------
    path : Path
    projection : FeatureProjection
    metadata : str
        JSON: data, seed, steps, time.
    """
    arrays = {
        field.name: getattr(projection, field.name) for field in fields(projection)
    }
    content = save(arrays, metadata={"card": metadata})
    atomic_write(path, lambda file: file.write(content))


@cache
def load_projection(name: str) -> FeatureProjection:
    """Load a projection; once per process.

    Parameters
    ----------
    name : str
        "feature-projection", which ships with the package, or the path of a
        safetensors file.

    Raises
    ------
    SettingsError
        If it is neither.
    ReadError
        If the file is missing or not a safetensors file.
    CheckpointError
        If it contains other weights.
    """
    if name != BUNDLED and Path(name).suffix != ".safetensors":
        raise SettingsError(
            f"The feature projection must be {BUNDLED!r} or a .safetensors file; "
            f"{name!r} is neither."
        )
    path = WEIGHTS / f"{BUNDLED}.safetensors" if name == BUNDLED else Path(name)
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ReadError(
            f"Expected a feature projection in {path}; the file is missing or no "
            f"safetensors file ({error}). Check the path."
        ) from error
    try:
        return FeatureProjection(**arrays)
    except TypeError as error:
        raise CheckpointError(
            f"{path} holds other weights than a feature projection: {error}. Choose "
            "another file."
        ) from error
