"""What a network is told of the annotation: the contract with a checkpoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INPUT_NAMES = (
    "drawn_it",
    "drawn_other",
    "spread_it",
    "spread_other",
    "label_model",
    "harmonic",
    "previous",
    "frame_drawn",
)
"""Drawn (2) and spread seeds (2) of the label and of any other; probability by the
label model, by diffusion, and by the previous round (one half before); whether
anything is drawn on the frame (paper, III-D, and diffusion)."""


def column(inputs: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Take one input of all superpixels, (..., N) of (..., N, 8)."""
    found: NDArray[np.float32] = inputs[..., INPUT_NAMES.index(name)]
    return found
