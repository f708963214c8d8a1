"""What an ablation is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.study.ablation.catalogue import TUNE, table_of
from napari_gnn_vos.study.ablation.trainings import folder_of, spaced
from napari_gnn_vos.study.ablation.variants import Table, Variant
from napari_gnn_vos.study.measure.plan import Plan
from napari_gnn_vos.study.measure.sequence_result import ResultCache
from napari_gnn_vos.study.training.training_plan import Source, TrainingPlan


@dataclass(frozen=True, slots=True)
class Ablation:
    """What all variants of a table have in common.

    Parameters
    ----------
    played : (Path, tuple of str)
        Folder in DAVIS layout, and sequences to play.
    output, cache : Path
        Folders for all that is found, and for prepared graphs.
    learn : (Path, tuple of str), optional
        Sequences to train on.
    composed : (Path, tuple of str), optional
        Composed scenes to play.
    model : str
        Name of the given weights, or their file.
    rounds, steps, seeds : int
        Rounds a sequence, steps of a training, and how often each is repeated.
    processes : int
        Trainings at the same time.

    Raises
    ------
    SettingsError
        If there is no seed, step, or process.
    """

    played: Source
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

    def plan(self, source: Source, config: Config, seed: int) -> Plan:
        """Say what one variant plays."""
        return Plan(
            *source, self.rounds, seed, cache=self.cache, config=config, pinned=True
        )

    def training(self, variant: Variant, seed: int) -> TrainingPlan | None:
        """Say how a variant is trained, None if it is not.

        Raises
        ------
        SettingsError
            If there is nothing to train on.
        """
        if variant.training is None:
            return None
        if self.learn is None:
            raise SettingsError(
                f"{variant.name!r} is trained and needs sequences to train on; none "
                "came. Name some with --train."
            )
        root, names = self.learn
        changes = {
            "steps": self.steps,
            "seed": seed,
            "validate_every": self.steps,
            "validation_rounds": 0,
        }
        plan = TrainingPlan(
            ((root, spaced(names, variant.learn)),),
            (),
            self.cache,
            self.output,
            variant.config,
            variant.training.model_copy(update=changes),
        )
        return replace(plan, folder=self.output / "trainings" / folder_of(plan))

    @property
    def kept(self) -> ResultCache:
        """Where played sequences are kept, for all tables."""
        return ResultCache(self.output / "played")


def source(root: Path, names: str) -> Source:
    """Name a folder and sequences in it, see `io.davis.sequences`."""
    return root, tuple(sequences(root, names))


def asked_for(name: str, study: Ablation, *, tune: bool) -> tuple[Table, Ablation]:
    """Find a table by its name, or the one by which the graph cut is tuned.

    Parameters
    ----------
    name : str
    study : Ablation
    tune : bool
        Whether to play the strengths of the graph cut on the sequences to train on.

    Raises
    ------
    SettingsError
        If there is no such table, or it has nothing to tune.
    """
    if not tune:
        return table_of(name), study
    if name != "field" or study.learn is None:
        raise SettingsError(
            f"To tune is to play the table 'field' on sequences to train on; {name!r} "
            f"came, with {study.learn} to train on. Name some with --train."
        )
    return TUNE, replace(study, played=study.learn, rounds=min(study.rounds, 2))
