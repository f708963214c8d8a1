"""Plan of a cross-validation: the sequences, trainings and settings of each fold.

Three things are trained per fold: the feature projection of the label model, the
network, and, if photographs are given, the boundary decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.study.training.projection_network import ProjectionSettings
from napari_gnn_vos.study.training.several_trainings import (
    training_folder,
    weights_file,
)
from napari_gnn_vos.study.training.train_decoder import DecoderPlan, DecoderSettings
from napari_gnn_vos.study.training.train_projection import ProjectionPlan
from napari_gnn_vos.study.training.training_plan import TrainingPlan
from napari_gnn_vos.study.training.training_run import TrainSettings

DECODER_FOLDER = "decoder"
"""Folder of the collected predictions and the decoders, in the output folder."""
PHOTOGRAPHS_OF_DAVIS = ("davis",)
"""Prefixes of the names of photographs that are frames of the sequences."""


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Settings of a cross-validation.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    names : tuple of str
        Sequences, in any order.
    output, cache : Path
        Folders for trainings and results, and for prepared graphs.
    folds : int
        Number of folds, from 2 to the number of sequences.
    rounds, steps : int
        Annotation rounds per sequence, and steps per training.
    seed : int
        Seed of trainings and rounds.
    trained : Path, optional
        Folder with the weights ``fold0/last.safetensors`` and so on, and
        ``fold0-projection.safetensors`` and so on; or the output folder of an earlier
        cross-validation. Without it, the folds are trained.
    config : Config
        If its label model has no projection, none is trained.
    stills : Path, optional
        Photographs with masks. With them, a boundary decoder is trained for each fold;
        otherwise that of `config` is used, if any.
    decoder_steps : int
        Steps of each training of the decoder.

    Raises
    ------
    SettingsError
        If the number of folds is out of range.
    """

    root: Path
    names: tuple[str, ...]
    output: Path
    cache: Path
    folds: int = 3
    rounds: int = 8
    steps: int = 2500
    seed: int = 0
    trained: Path | None = None
    config: Config = field(default_factory=Config)
    stills: Path | None = None
    decoder_steps: int = DecoderSettings().steps

    def __post_init__(self) -> None:
        if not 2 <= self.folds <= len(set(self.names)):
            raise SettingsError(
                f"Expected 2 to {len(set(self.names))} folds (one per sequence); got "
                f"{self.folds}. Change --folds or --sequences."
            )

    def held_out(self, fold: int) -> tuple[str, ...]:
        """Return the sequences that a fold is evaluated on."""
        return split_folds(self.names, self.folds)[fold]

    def trained_on(self, fold: int) -> tuple[str, ...]:
        """Return the sequences that the weights of a fold are trained on."""
        return tuple(sorted(set(self.names) - set(self.held_out(fold))))

    def training(self, fold: int) -> TrainingPlan:
        """Build the training plan of the network of a fold, and train its projections.

        No checkpoint is chosen by validation, so that held-out sequences cannot
        influence the weights: the averaged weights after the last step are evaluated.
        """
        settings = TrainSettings(
            steps=self.steps,
            seed=self.seed,
            validate_every=self.steps,
            validation_rounds=0,
        )
        plan = TrainingPlan(
            ((self.root, self.trained_on(fold)),),
            (),
            self.cache,
            self.output,
            self.config,
            settings,
            projections=self._projections(fold).cross_fit() if self._projects else (),
        )
        folder = self.output / f"fold{fold}-{training_folder(plan)}"
        return replace(plan, folder=folder)

    def config_of(self, fold: int) -> Config:
        """Return the settings by which a fold is evaluated."""
        config = self.config
        if self._projects:
            config = config.with_projection(str(self._projection(fold)))
        folder = self.output if self.trained is None else self.trained
        decoder = folder / DECODER_FOLDER / f"{decoder_name(fold)}.safetensors"
        if self.stills is not None or (self.trained is not None and decoder.exists()):
            config = config.model_copy(update={"decoder": str(decoder)})
        return config

    @property
    def _projects(self) -> bool:
        """Whether the label model has a projection, which is trained per fold."""
        return bool(self.config.label_model.projection)

    def _projection(self, fold: int) -> Path:
        """Locate the projection of a fold; train it if no trained one is given."""
        name = f"fold{fold}-projection.safetensors"
        if self.trained is not None:
            return self.trained / name
        path = self.output / name
        if not path.exists():
            weights = self._projections(fold).train().read_bytes()
            atomic_write(path, weights)
        return path

    def _projections(self, fold: int) -> ProjectionPlan:
        sources = ((self.root, self.trained_on(fold)),)
        folder = self.output / "projections"
        settings = ProjectionSettings.for_network(self.steps, self.seed)
        return ProjectionPlan(sources, self.cache, folder, settings)

    def collect_projection_samples(self) -> Pipeline[None]:
        """Gather the samples of all sequences, unless trained weights are given."""
        if self._projects and self.trained is None:
            sources = ((self.root, self.names),)
            folder = self.output / "projections"
            yield from ProjectionPlan(sources, self.cache, folder).collect()

    def train_decoders(self) -> Pipeline[None]:
        """Train a decoder per fold, on predictions for held-out sequences."""
        if self.stills is None:
            return
        folder = self.output / DECODER_FOLDER
        for fold in range(self.folds):
            sources = ((self.root, self.held_out(fold)),)
            plan = DecoderPlan(sources, None, folder, self.cache)
            model = load_model(self.weights(fold), "cpu")
            yield from plan.collect(model, self.config_of(fold))
        for fold in range(self.folds):
            yield Progress("train decoders", fold, self.folds)
            if not (folder / f"{decoder_name(fold)}.safetensors").exists():
                sources = ((self.root, self.trained_on(fold)),)
                plan = DecoderPlan(sources, self.stills, folder, self.cache)
                settings = DecoderSettings(self.decoder_steps, seed=self.seed)
                plan.train(settings, "cpu", decoder_name(fold), PHOTOGRAPHS_OF_DAVIS)

    def weights(self, fold: int) -> Path:
        """Locate the weights of a fold.

        Raises
        ------
        ReadError
            If `trained` is given and does not contain exactly one file for the fold.
        """
        if self.trained is None:
            return weights_file(self.training(fold))
        patterns = f"fold{fold}/last.safetensors", f"fold{fold}-*/last.safetensors"
        files = [file for p in patterns for file in sorted(self.trained.glob(p))]
        if len(files) != 1:
            raise ReadError(
                f"Expected one file {patterns[0]} in {self.trained}; found "
                f"{len(files)}. Train the folds first, or leave --trained out."
            )
        return files[0]


def decoder_name(fold: int) -> str:
    """Return the name of the decoder of a fold."""
    return f"fold{fold}-decoder"


def split_folds(names: Sequence[str], folds: int) -> list[tuple[str, ...]]:
    """Split names into the held-out sets of a cross-validation.

    Parameters
    ----------
    names : sequence of str
    folds : int

    Returns
    -------
    held_out : list of tuple of str
        Every `folds`-th of the sorted names, from number 0, 1, ...

    Examples
    --------
    >>> split_folds(["d", "b", "a", "c"], 3)
    [('a', 'd'), ('b',), ('c',)]
    """
    ordered = sorted(set(names))
    return [tuple(ordered[fold::folds]) for fold in range(folds)]


def all_sequences(root: Path) -> tuple[str, ...]:
    """List all sequences of a folder in DAVIS layout in alphabetical order.

    Raises
    ------
    ReadError
        If there are none.
    """
    folder = root / "JPEGImages" / "480p"
    if not folder.is_dir():
        raise ReadError(
            f"Expected a folder with sequences; {folder} is not a folder. Check "
            "--davis."
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return tuple(sequences(root, ",".join(names)))
