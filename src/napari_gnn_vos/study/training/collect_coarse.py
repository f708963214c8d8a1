"""Collect coarse predictions of simulated sessions, to train the boundary decoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import Model
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.labelled_video import LabelledVideo, open_davis_videos
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
JPEG_QUALITY = 97


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """Which predictions are collected.

    Parameters
    ----------
    rounds : tuple of int
        Rounds after which predictions are saved, from 1.
    every : int
        Distance of the frames that are saved.
    config : Config
        Settings of the sessions; their boundaries are refined by the guided filter.
    """

    rounds: tuple[int, ...] = (1, 2, 4, 8)
    every: int = 5
    config: Config = field(default_factory=Config)


def collect_coarse(
    root: Path,
    names: Sequence[str],
    model: Model,
    output: Path,
    cache: Path,
    settings: CollectionSettings | None = None,
) -> Pipeline[None]:
    """Run a simulated session per sequence and save frames with their predictions.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    names : sequence of str
        Sequences; those that are complete in `output` are left out.
    model : callable
        Network that predicts. It should not have been trained on these sequences,
        because its predictions have fewer errors there than on others.
    output : Path
        Gets NAME-ROUND-FRAME-LABEL.png per object, whose channels are coarse
        probability, painted mask and true mask, and NAME-FRAME.jpg.
    cache : Path
        For prepared graphs.
    settings : CollectionSettings, optional

    Yields
    ------
    step : Progress
    """
    settings = settings or CollectionSettings()
    output.mkdir(parents=True, exist_ok=True)
    config = settings.config.model_copy(update={"refine": "guided"})
    for number, name in enumerate(names):
        yield Progress("collect predictions", number, len(names))
        done = output / f"{name}.done"
        if not done.exists():
            (video,) = yield from open_davis_videos(root, [name], config, cache)
            for round_index, session in _sessions(video, model, max(settings.rounds)):
                if round_index in settings.rounds:
                    _save(output / name, round_index, session, video, settings.every)
            done.touch()
    yield Progress("collect predictions", len(names), len(names))


def _sessions(
    video: LabelledVideo, model: Model, rounds: int
) -> Iterator[tuple[int, Session]]:
    """Yield round index and session after each round of simulated annotation."""
    rng, annotator = np.random.default_rng(0), SimulatedAnnotator()
    steps = run_rounds(
        video.session, video.truth, annotator, model, rounds=rounds, rng=rng
    )
    for session, score in steps:
        yield score.round_index, session


def _save(
    stem: Path, round_index: int, session: Session, video: LabelledVideo, every: int
) -> None:
    """Save the planes of each object on some frames, which differ between rounds."""
    prediction, labels = session.prediction, session.packed_labels
    assert prediction is not None  # noqa: S101 - there was a round
    assert labels is not None  # noqa: S101
    for t in range(round_index % every, len(video.truth), every):
        superpixels, painted = session.graph.frames[t].labels, labels[t]
        for column, label in enumerate(prediction.objects, 1):
            coarse = 255 * prediction.probability[t][:, column][superpixels]
            masks = (255 * (array == label) for array in (painted, video.truth[t]))
            planes = np.dstack([np.rint(coarse), *masks]).astype(np.uint8)
            cv2.imwrite(f"{stem}-{round_index}-{t:05d}-{label}.png", planes)
        bgr = np.ascontiguousarray(session.video.rgb(t)[..., ::-1])
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        cv2.imwrite(f"{stem}-{t:05d}.jpg", bgr, quality)
