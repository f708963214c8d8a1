"""The model that the next rounds are predicted by."""

from __future__ import annotations

from contextlib import suppress

from psygnal import Signal

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.named_models import DEFAULT, find_model, model_names


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
        """Choose a model; the next round is predicted by it.

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
