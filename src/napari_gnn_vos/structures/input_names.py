"""What a network is told of the annotation: the contract with a checkpoint."""

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
