"""What a table of an ablation is: rows, what each changes, which figures are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.methods import Method
from napari_gnn_vos.study.training.training_run import TrainSettings

Figures = Mapping[str, float]
J = ("J after", "mean J")
"""Titles of the columns that every table begins with."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A row: what it changes.

    Parameters
    ----------
    name : str
    published : mapping of str to float
        By title of the column.
    config : Config
        Settings of the sessions, in training too.
    training : TrainSettings, optional
        Trains a network so, but for steps and seed; else the given weights are played.
    learn : int, optional
        Sequences to train on, evenly spaced among all; all if not given.
    without : tuple of str
        Inputs that the network is not told.
    method : Method, optional
        Plays in place of the network.
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
    """Rows, and which figures of theirs are shown.

    Parameters
    ----------
    name, title : str
    variants : tuple of Variant
    columns : tuple of str
        What the titles of the columns begin with, in their order.
    references : mapping of str to mapping of str to float
        Rows of published figures alone, by name.
    composed : bool
        Whether composed scenes, too, are played if there are any.
    """

    name: str
    title: str
    variants: tuple[Variant, ...]
    columns: tuple[str, ...] = J
    references: Mapping[str, Figures] = field(default_factory=dict)
    composed: bool = False

    def choose(self, names: Collection[str] = ()) -> tuple[Variant, ...]:
        """Take the variants with some names, all if there is none.

        Raises
        ------
        SettingsError
            If there is no such variant.
        """
        known = [variant.name for variant in self.variants]
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise SettingsError(
                f"Variants must be of the table {self.name!r}; {unknown} are not. "
                f"Known are {', '.join(known)}."
            )
        return tuple(v for v in self.variants if not names or v.name in names)
