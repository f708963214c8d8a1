"""Data types of an ablation table and its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.training.training_run import TrainSettings

Figures = Mapping[str, float]
J = ("J after", "mean J")
"""Prefixes of the columns of J, which most tables show."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A row of an ablation table: the settings that it changes.

    Parameters
    ----------
    name : str
    published : mapping of str to float
        Published figures, by column title.
    config : Config
        Settings of the sessions, in training too.
    training : TrainSettings, optional
        Train a network with these settings, except steps and seed; if None, the
        given weights are benchmarked.
    learn : int, optional
        Sequences to train on, evenly spaced among all; all if not given.
    without : tuple of str
        Node inputs that are set to 0.
    method : Method, optional
        Method to benchmark instead of the network.
    """

    name: str
    published: Figures = field(default_factory=dict)
    config: Config = field(default_factory=Config)
    training: TrainSettings | None = None
    learn: int | None = None
    without: tuple[str, ...] = ()
    method: Method | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """An ablation table: its variants and the columns it shows.

    Parameters
    ----------
    name, title : str
    variants : tuple of Variant
    columns : tuple of str
        Prefixes of the column titles, in order.
    references : mapping of str to mapping of str to float
        Rows of published figures alone, by name.
    composed : bool
        Whether to benchmark composed scenes as well, if given.
    """

    name: str
    title: str
    variants: tuple[Variant, ...]
    columns: tuple[str, ...] = J
    references: Mapping[str, Figures] = field(default_factory=dict)
    composed: bool = False

    def choose(self, names: Collection[str] = ()) -> tuple[Variant, ...]:
        """Select variants by name; all of them if no name is given.

        Raises
        ------
        SettingsError
            If a variant is unknown.
        """
        available = [variant.name for variant in self.variants]
        unknown = sorted(set(names) - set(available))
        if unknown:
            raise SettingsError(
                f"The table {self.name!r} has the variants {', '.join(available)}; got "
                f"{unknown}. Choose among them."
            )
        return tuple(v for v in self.variants if not names or v.name in names)
