"""Fine-tune a model on annotated videos, and save it if it is more accurate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from napari_gnn_vos import __version__
from napari_gnn_vos.arguments import instance, sequence_of, validated
from napari_gnn_vos.config import Config
from napari_gnn_vos.interact.feature_projection import (
    BUNDLED,
    FeatureProjection,
    load_projection,
    save_projection,
)
from napari_gnn_vos.model.checkpoint import save_checkpoint
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.model.named_models import (
    DEFAULT,
    NETWORK,
    PROJECTION,
    SEVERAL,
    ClipRecord,
    ModelCard,
    find_model,
    save_model,
)
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.progress import Pipeline, Progress, map_steps, nested_progress
from napari_gnn_vos.storage import StoragePath, as_storage_path
from napari_gnn_vos.study.fine_tuning.annotated_video import AnnotatedVideo
from napari_gnn_vos.study.fine_tuning.evaluate import Evaluation, evaluate
from napari_gnn_vos.study.fine_tuning.fine_tune_settings import FineTuneSettings
from napari_gnn_vos.study.fine_tuning.network import fine_tune_network
from napari_gnn_vos.study.fine_tuning.projection import fine_tune_projection
from napari_gnn_vos.study.fine_tuning.split import Clip, split_clips
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.training.projection_samples import (
    ProjectionSamples,
    collect_projection_samples,
)
from napari_gnn_vos.study.training.samples import without_refinement

R = TypeVar("R")
STAGES = 6
"""Number of stages in the progress of a fine-tuning."""
MIN_GAIN = 0.005
"""Smallest gain of the mean J by which a model is better. Smaller gains are within the
variation of repeated trainings."""


@dataclass(frozen=True, slots=True, eq=False)
class FineTuned:
    """A fine-tuned model with its evaluation.

    Parameters
    ----------
    predictor : Predictor
    projection : FeatureProjection
    before, after : Evaluation
        Of the base and of this model on the held-out clips.
    training, held_out : tuple of Clip
    base : str
        Name of the model that the training started from.
    settings : FineTuneSettings
    seconds : float
        Time of the training with its evaluation.
    """

    predictor: Predictor
    projection: FeatureProjection
    before: Evaluation
    after: Evaluation
    training: tuple[Clip, ...]
    held_out: tuple[Clip, ...]
    base: str
    settings: FineTuneSettings
    seconds: float

    @property
    def better(self) -> bool:
        """Whether the mean J has risen by more than the variation of trainings."""
        return self.after.mean - self.before.mean > MIN_GAIN

    @property
    def reason_not_to_save(self) -> str:
        """Why a model that is not better is not saved."""
        rise = self.after.mean - self.before.mean
        return f"J has risen by less than {MIN_GAIN}" if rise > 0 else "J has not risen"

    def __str__(self) -> str:
        """Describe J before and after in one line."""
        before, after = (
            " / ".join(f"{j:.3f}"[1:] if j < 1 else "1.00" for j in e.j)
            for e in (self.before, self.after)
        )
        rounds = " / ".join(str(r + 1) for r in range(len(self.before.j)))
        return f"J after {rounds} rounds on held-out frames: {before} -> {after}"

    def save(self, name: str, *, overwrite: bool = False) -> Path:
        """Save it as a named model.

        Returns
        -------
        folder : Path

        Raises
        ------
        SettingsError, ReadError
            See `named_models.save_model`.
        """
        folder = save_model(name, self._write, self._card(), overwrite=overwrite)
        load_projection.cache_clear()
        return folder

    def _write(self, folder: Path) -> None:
        networks = {NETWORK: self.predictor, SEVERAL: self.predictor.multi_object}
        for file, predictor in networks.items():
            if predictor is not None:
                state = predictor.network.state_dict()
                save_checkpoint(folder / file, state, predictor.metadata)
        save_projection(folder / PROJECTION, self.projection, "{}")

    def _card(self) -> ModelCard:
        return ModelCard(
            base=self.base,
            base_sha256=find_model(self.base).sha256,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            trained_on=_records(self.training),
            held_out=_records(self.held_out),
            network="several" if self.before.several else "one",
            j_before=self.before.j,
            j_after=self.after.j,
            seconds=round(self.seconds, 1),
            settings=self.settings.model_dump(),
            created_by=f"napari-gnn-vos {__version__}",
        )


def _records(clips: Sequence[Clip]) -> tuple[ClipRecord, ...]:
    return tuple(
        ClipRecord(
            video=clip.source.video.name,
            first=clip.span.start,
            frames=len(clip.span),
            labelled=len(clip.labelled),
        )
        for clip in clips
    )


@validated(
    videos=sequence_of(AnnotatedVideo, "Read them with read_annotated_video."),
    settings=instance(FineTuneSettings, optional=True),
    cache=as_storage_path,
    base=instance(str),
)
def fine_tune(
    videos: Sequence[AnnotatedVideo],
    settings: FineTuneSettings | None = None,
    cache: StoragePath | None = None,
    base: str = DEFAULT,
) -> Pipeline[FineTuned]:
    """Fine-tune feature projection and network on a part of the labelled frames.

    Parameters
    ----------
    videos : sequence of AnnotatedVideo
    settings : FineTuneSettings, optional
    cache : Path or UPath, optional
        For prepared graphs.
    base : str
        Name of the model to start from.

    Yields
    ------
    step : Progress
        The generator can be closed at any step; nothing is written but prepared graphs.

    Returns
    -------
    result : FineTuned
        Nothing is saved yet, see `FineTuned.save`.

    Raises
    ------
    SettingsError
        If there are too few labelled frames.
    VideoError, ReadError
        If a frame cannot be used.
    """
    settings, start = settings or FineTuneSettings(), time.perf_counter()
    clips = split_clips(videos, settings.held_out)
    training, held_out = yield from _prepare_clips(clips, cache)
    if settings.merge_objects:
        training, held_out = _merge_objects(training), _merge_objects(held_out)
    model = load_model(base, "cpu")
    protocol = settings.evaluated_rounds, settings.seed
    before = yield from _with_stage_number(2, evaluate(held_out, model, *protocol))
    projection = _projection_of(model)
    training = [_for_training(clip, model) for clip in training]
    if not before.several:
        training = _merge_objects(training)
        projection = yield from _fine_tune_projection(training, projection, settings)
    tuned = yield from _fine_tune_network(training, model, before, settings)
    with TemporaryDirectory() as folder:
        path = Path(folder) / PROJECTION
        save_projection(path, projection, "{}")
        tuned.projection = str(path)
        after = yield from _with_stage_number(6, evaluate(held_out, tuned, *protocol))
    seconds = time.perf_counter() - start
    tuned.projection = ""
    parts = tuple(clips[0]), tuple(clips[1])
    return FineTuned(tuned, projection, before, after, *parts, base, settings, seconds)


def _with_stage_number(number: int, pipeline: Pipeline[R]) -> Pipeline[R]:
    """Run a stage; its number is shown with its name."""

    def add_number(step: Progress) -> Progress:
        return replace(step, stage=f"{number} of {STAGES}: {step.stage}")

    return (yield from map_steps(pipeline, add_number))


def _prepare_clips(
    clips: tuple[list[Clip], list[Clip]], cache: StoragePath | None
) -> Pipeline[tuple[list[LabelledVideo], list[LabelledVideo]]]:
    config, prepared = Config(refine="guided", coarse_to_fine=False), []
    all_clips = [*clips[0], *clips[1]]
    for number, clip in enumerate(all_clips):
        outer = Progress("prepare", number, len(all_clips))
        pipeline = nested_progress(clip.prepare(config, cache), outer)
        prepared.append((yield from _with_stage_number(1, pipeline)))
    count = len(clips[0])
    return prepared[:count], prepared[count:]


def _for_training(clip: LabelledVideo, model: Predictor) -> LabelledVideo:
    """Disable the refinement, and select the feature projection of the model."""
    session = without_refinement(clip.session)
    if model.projection:
        config = session.config.with_projection(model.projection)
        session = replace(session, config=config)
    return replace(clip, session=session)


def _projection_of(model: Predictor) -> FeatureProjection:
    return load_projection(model.projection or BUNDLED)


def _merge_objects(clips: Sequence[LabelledVideo]) -> list[LabelledVideo]:
    """Merge all objects of each clip into one."""
    return [replace(clip, truth=(clip.truth > 0).astype(np.uint8)) for clip in clips]


def _fine_tune_projection(
    clips: Sequence[LabelledVideo],
    base: FeatureProjection,
    settings: FineTuneSettings,
) -> Pipeline[FeatureProjection]:
    if not settings.projection_steps:
        return base
    samples: list[ProjectionSamples] = []
    for number, clip in enumerate(clips):
        yield Progress(f"3 of {STAGES}: gather samples", number, len(clips))
        rng = np.random.default_rng(settings.seed)
        samples.append(collect_projection_samples(clip, rng))
    pipeline = fine_tune_projection(samples, base, settings)
    return (yield from _with_stage_number(4, pipeline))


def _fine_tune_network(
    clips: Sequence[LabelledVideo],
    model: Predictor,
    before: Evaluation,
    settings: FineTuneSettings,
) -> Pipeline[Predictor]:
    """Fine-tune one of the two networks of a model; return a new model."""
    multi_object = model.multi_object
    trained = model
    if before.several and multi_object is not None:
        trained = multi_object
    network = deepcopy(trained.network)
    steps = settings.steps_of_one if trained is model else settings.steps
    if steps:
        weights = network, trained.metadata
        pipeline = fine_tune_network(clips, *weights, settings, steps)
        network = yield from _with_stage_number(5, pipeline)
    tuned = Predictor(network, trained.metadata)
    if trained is model:
        return Predictor(network, trained.metadata, multi_object=multi_object)
    return Predictor(model.network, model.metadata, multi_object=tuned)
