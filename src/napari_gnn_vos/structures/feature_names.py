"""Names of the node inputs that depend on the annotation; stored in checkpoints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

RESIDUAL_MOTION = "residual_motion"
"""Node feature: motion relative to the camera, which the label model weighs apart."""

NODE_INPUT_NAMES = (
    "drawn_target",
    "drawn_rest",
    "propagated_target",
    "propagated_rest",
    "label_model",
    "harmonic",
    "previous",
    "frame_annotated",
)
"""For one label (target) against the rest: strokes (2) and propagated seeds (2) of the
target and of any other label; probability by the label model, by the harmonic labelling
and by the previous round (0.5 in the first); whether the frame has strokes (paper,
III-D; the harmonic labelling is an addition)."""

LEGACY_NAMES = {
    "drawn_it": "drawn_target",
    "drawn_other": "drawn_rest",
    "spread_it": "propagated_target",
    "spread_other": "propagated_rest",
    "frame_drawn": "frame_annotated",
    "touches": "is_spatial",
    "far_l": "delta_l",
    "far_a": "delta_a",
    "far_b": "delta_b",
    "far_motion_next": "delta_motion_next",
    "far_motion_before": "delta_motion_previous",
    "border_out": "border_share_source",
    "border_back": "border_share_target",
    "share_out": "flow_share_source",
    "share_back": "flow_share_target",
    "occluded_before": "occluded_previous",
    "l_spread": "l_std",
    "a_spread": "a_std",
    "b_spread": "b_std",
    "motion_before": "motion_previous",
}
"""Names in checkpoints and prepared graphs of version 0.1, with the current names."""


def current_names(names: Iterable[str]) -> tuple[str, ...]:
    """Replace feature names of version 0.1 with the current ones."""
    return tuple(LEGACY_NAMES.get(name, name) for name in names)


def column(inputs: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Select a node input by name, (..., N) of (..., N, 8)."""
    selected: NDArray[np.float32] = inputs[..., NODE_INPUT_NAMES.index(name)]
    return selected
