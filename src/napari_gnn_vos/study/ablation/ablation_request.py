"""Settings of an ablation run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.study.ablation.catalogue import TUNE, table_of
from napari_gnn_vos.study.ablation.variants import Table, Variant
from napari_gnn_vos.study.cross_validation.fold_plan import (
    CrossValidation,
    all_sequences,
)
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from napari_gnn_vos.study.training.several_trainings import training_folder
from napari_gnn_vos.study.training.training_plan import Source, TrainingPlan


@dataclass(frozen=True, slots=True)
class Part:
    """Sequences that are evaluated with the same weights and settings.

    Parameters
    ----------
    source : (Path, tuple of str)
        Folder in DAVIS layout, and the sequences.
    model : str
        Name or file of the weights.
    config : Config
    """

    source: Source
    model: str
    config: Config


@dataclass(frozen=True, slots=True)
class Ablation:
    """Data, training budget and folders, shared by all variants of a table.

    Parameters
    ----------
    evaluated : (Path, tuple of str)
        Folder in DAVIS layout, and the sequences evaluated.
    output, cache : Path
        Folders for results, and for prepared graphs.
    learn : (Path, tuple of str), optional
        Sequences to train on.
    composed : (Path, tuple of str), optional
        Composed scenes to evaluate.
    model : str
        Name or file of the weights.
    rounds, steps, seeds : int
        Rounds per sequence, steps of a training, and how often each is repeated.
    processes : int
        Trainings at the same time.
    folds : int
        Evaluate each sequence with the weights of the fold that it is held out of, see
        `CrossValidation`; 0 to evaluate all with `model`.
    trained : Path, optional
        Weights of the folds.

    Raises
    ------
    SettingsError
        If `seeds`, `steps` or `processes` is below 1, if `folds` is given without
        `trained` or the other way round, or with composed scenes, which contain
        sequences of several folds.
    """

    evaluated: Source
    output: Path
    cache: Path
    learn: Source | None = None
    composed: Source | None = None
    model: str = "gatedgcn"
    rounds: int = 8
    steps: int = 600
    seeds: int = 1
    processes: int = 1
    folds: int = 0
    trained: Path | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "seeds", "processes"):
            if getattr(self, name) < 1:
                raise SettingsError(
                    f"An ablation needs one or more {name}, not {getattr(self, name)}."
                )
        if bool(self.folds) != (self.trained is not None):
            raise SettingsError(
                "Expected the number of folds and the folder of their weights, or "
                f"neither; got {self.folds} folds and {self.trained}. Set --folds and "
                "--trained."
            )
        if self.folds and self.composed is not None:
            raise SettingsError(
                "Expected no composed scenes with --folds: they contain sequences of "
                "several folds. Leave --composed out."
            )

    def parts(self, source: Source, config: Config) -> list[Part]:
        """Split sequences by the weights and settings that they are evaluated with."""
        if self.trained is None:
            return [Part(source, self.model, config)]
        root, names = source
        validation = CrossValidation(
            root,
            all_sequences(root),
            self.output,
            self.cache,
            self.folds,
            config=config,
            trained=self.trained,
        )
        held_out = [
            tuple(name for name in names if name in validation.held_out(fold))
            for fold in range(self.folds)
        ]
        return [
            Part((root, held), str(validation.weights(k)), validation.config_of(k))
            for k, held in enumerate(held_out)
            if held
        ]

    def plan(self, source: Source, config: Config, seed: int) -> BenchmarkPlan:
        """Build the benchmark plan of one variant."""
        return BenchmarkPlan(
            *source, self.rounds, seed, cache=self.cache, config=config, pinned=True
        )

    def training(self, variant: Variant, seed: int) -> TrainingPlan | None:
        """Build the training plan of a variant; None if it uses given weights.

        Raises
        ------
        SettingsError
            If there is nothing to train on, or the weights of folds are given.
        """
        if variant.training is None:
            return None
        if self.folds:
            raise SettingsError(
                f"The variant {variant.name!r} trains its own network; --folds "
                "evaluates given ones. Choose other variants with --only."
            )
        if self.learn is None:
            raise SettingsError(
                f"The variant {variant.name!r} needs sequences to train on; none are "
                "given. Name some with --train."
            )
        root, names = self.learn
        changes = {
            "steps": self.steps,
            "seed": seed,
            "validate_every": self.steps,
            "validation_rounds": 0,
        }
        plan = TrainingPlan(
            ((root, evenly_spaced(names, variant.learn)),),
            (),
            self.cache,
            self.output,
            variant.config,
            variant.training.model_copy(update=changes),
        )
        return replace(plan, folder=self.output / "trainings" / training_folder(plan))

    @property
    def result_cache(self) -> ResultCache:
        """Cache of sequence results, shared by all tables."""
        return ResultCache(self.output / "played")


def source(root: Path, names: str) -> Source:
    """Pair a DAVIS folder with sequence names, see `io.davis.sequences`."""
    return root, tuple(sequences(root, names))


def resolve_table(
    name: str, ablation: Ablation, *, tune: bool
) -> tuple[Table, Ablation]:
    """Look up a table by name, or select the one that tunes the graph cut.

    Parameters
    ----------
    name : str
    ablation : Ablation
    tune : bool
        Whether to tune the smoothness of the graph cut on the training sequences.

    Raises
    ------
    SettingsError
        If there is no such table, or it has nothing to tune.
    """
    if not tune:
        return table_of(name), ablation
    if name != "field" or ablation.learn is None:
        raise SettingsError(
            "Expected the table 'field' and training sequences to tune the graph cut; "
            f"got {name!r} and {ablation.learn}. Name sequences with --train."
        )
    return TUNE, replace(
        ablation, evaluated=ablation.learn, rounds=min(ablation.rounds, 2)
    )


def evenly_spaced(names: Sequence[str], count: int | None) -> tuple[str, ...]:
    """Select evenly spaced names, including the first and the last.

    Parameters
    ----------
    names : sequence of str
    count : int, optional
        How many; all if not given, or if there are no more.

    Examples
    --------
    >>> evenly_spaced(["a", "b", "c", "d", "e"], 3)
    ('a', 'c', 'e')
    """
    if count is None or count >= len(names):
        return tuple(names)
    last = len(names) - 1
    return tuple(names[round(k * last / max(count - 1, 1))] for k in range(count))
