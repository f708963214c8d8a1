"""An engine that computes nothing, to measure the window alone at any frame size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_gnn_vos.config import Config, Quality
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.progress import PartialResult, Pipeline, Progress
from napari_gnn_vos.structures.label_frames import LabelFrames, pack
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Video

STEP_SECONDS = 0.03
STEPS = 20


def prepare(
    video: Video, _frame: int = 0, quality: Quality = "balanced"
) -> Pipeline[Session]:
    """Wait, and return a session without a graph."""
    for step in range(STEPS):
        time.sleep(STEP_SECONDS)
        yield Progress("frames", step + 1, STEPS)
    return Session(video, graph=None, config=Config.at(quality))  # type: ignore[arg-type]


def predict_round(
    session: Session,
    scribbles: Sequence[Scribble],
    _rng: np.random.Generator,
    frame: int = 0,
    *_model: object,
    **_options: object,
) -> Pipeline[Session]:
    """Label a rectangle on every frame, the displayed one first."""
    count, height, width = session.video.shape
    painted = paint_scribbles(session.painted_pixels, scribbles, session.video.shape)
    labels = np.zeros((height, width), np.uint8)
    labels[height // 4 : height // 2, width // 4 : width // 2] = 1
    packed = pack(labels)
    for done, t in enumerate(sorted(range(count), key=lambda t: abs(t - frame))):
        time.sleep(STEP_SECONDS)
        yield PartialResult("label", done, count, t, labels, packed)
    expected_j = np.linspace(1, 0.5, count, dtype=np.float32)[:, None]
    return replace(
        session,
        painted_pixels=painted,
        rounds=(*session.rounds, tuple(scribbles)),
        packed_labels=LabelFrames(session.video.shape, [packed] * count),
        prediction=Prediction((1,), (), expected_j),
    )
