"""Lists of the composed scenes."""

from __future__ import annotations

from napari_gnn_vos.study.scenes.training_scenes import TRAINING
from napari_gnn_vos.study.scenes.validation_scenes import HARD, VALIDATION

SCENES = {"val.txt": VALIDATION, "train.txt": TRAINING, "hard.txt": HARD}
"""Scenes by the name of the file that lists them."""
