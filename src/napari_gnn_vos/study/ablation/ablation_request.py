"""Settings of an ablation run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.study.ablation.catalogue import TUNE, table_of
from napari_gnn_vos.study.ablation.trainings import evenly_spaced, training_folder
from napari_gnn_vos.study.ablation.variants import Table, Variant
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from napari_gnn_vos.study.training.training_plan import Source, TrainingPlan


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

    Raises
    ------
    SettingsError
        If `seeds`, `steps` or `processes` is below 1.
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

    def __post_init__(self) -> None:
        for name in ("steps", "seeds", "processes"):
            if getattr(self, name) < 1:
                raise SettingsError(
                    f"An ablation needs one or more {name}, not {getattr(self, name)}."
                )

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
            If there is nothing to train on.
        """
        if variant.training is None:
            return None
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
