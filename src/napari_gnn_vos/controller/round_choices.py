"""Model and range of frames that the user chooses for the next round."""

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


class FrameRange:
    """In and out marks on the frames of a video; both frames belong to the range.

    Attributes
    ----------
    first, last : int or None
        Marked frames; None for the ends of the video.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None

    @property
    def marks(self) -> tuple[int | None, int | None]:
        """In and out mark."""
        return self.first, self.last

    def set_first(self, frame: int) -> None:
        """Set the in mark; an out mark before it is removed."""
        self.first = frame
        if self.last is not None and self.last < frame:
            self.last = None
        self.changed.emit()

    def set_last(self, frame: int) -> None:
        """Set the out mark; an in mark behind it is removed."""
        self.last = frame
        if self.first is not None and self.first > frame:
            self.first = None
        self.changed.emit()

    def clear(self) -> None:
        """Remove both marks."""
        self.first = self.last = None
        self.changed.emit()

    def frames(self, count: int) -> range:
        """Return the frames between the marks, of a video of `count` frames."""
        first = 0 if self.first is None else self.first
        last = count - 1 if self.last is None else self.last
        return range(max(first, 0), min(last + 1, count))
