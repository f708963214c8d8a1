"""Inputs of the next round: model, constraints, and changes since the last one."""

from __future__ import annotations

from contextlib import suppress

from psygnal import Signal

from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.errors import GnnVosError, SettingsError
from napari_gnn_vos.model.named_models import DEFAULT, find_model, model_names
from napari_gnn_vos.structures.constraints import Constraints


class ModelChoice:
    """Choose among the bundled and the user's models: ``choose("my cells")``."""

    changed = Signal(str)  # name

    def __init__(self) -> None:
        self._name = DEFAULT

    @property
    def name(self) -> str:
        """Name of the chosen model."""
        return self._name

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all models."""
        return model_names()

    def choose(self, name: str) -> None:
        """Choose the model of the next rounds.

        Raises
        ------
        SettingsError
            If no model has this name.
        """
        find_model(name)
        if name != self._name:
            self._name = name
            self.changed.emit(name)

    def restore(self, name: str) -> None:
        """Choose the model of a project, if it is on this computer."""
        with suppress(SettingsError):
            self.choose(name or DEFAULT)

    def checksum(self) -> tuple[str, str]:
        """Return name and SHA-256 checksum of the weights."""
        return self._name, find_model(self._name).sha256


class PendingChanges:
    """Changes since the last round, which the next one takes into account.

    If a round is discarded, its changes are pending again.

    Attributes
    ----------
    strokes : bool
        Whether strokes were drawn or erased.
    model : bool
        Whether another model was chosen.
    """

    def __init__(self) -> None:
        self.strokes = self.model = False
        self._strokes_in_round = self._model_in_round = False

    def start_round(self, *, strokes: bool) -> None:
        """Assign the pending changes to a round that starts.

        If it replaces a running round, the model change of that one is assigned, too.

        Parameters
        ----------
        strokes : bool
            Whether the round has strokes that the current prediction was made without.
        """
        self._strokes_in_round = strokes
        self._model_in_round |= self.model
        self.strokes = self.model = False

    def complete_round(self) -> None:
        """Forget the changes of the round, because they are part of the prediction."""
        self._strokes_in_round = self._model_in_round = False

    def discard_round(self) -> None:
        """Mark the changes of the round as pending again."""
        self.strokes |= self._strokes_in_round
        self.model |= self._model_in_round
        self.complete_round()


def round_constraints(
    table: ObjectTable, frames: range | None = None, label: int | None = None
) -> Constraints:
    """Assemble the constraints of a round.

    Parameters
    ----------
    table : ObjectTable
        Its locked objects do not change, and its absent objects get no pixels.
    frames : range, optional
        Frames whose labels may change; by default all.
    label : int, optional
        Object whose labels may change; by default all that are not locked.

    Raises
    ------
    GnnVosError
        If the range is empty, or the object is locked or not in the table.
    """
    if frames is not None and not frames:
        raise GnnVosError("The range has no frames. Move the in or the out mark.")
    if label is not None:
        table.require_unlocked(label)
    span = None if frames is None else (frames.start, frames.stop)
    others = () if label is None else (x for x in table.objects if x != label)
    return Constraints(table.locked.union(others), table.absent, span)
