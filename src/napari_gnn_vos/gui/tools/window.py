"""Dialogs of the window: requests to open them, and the data that they change."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from psygnal import Signal
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_gnn_vos.config import Quality
from napari_gnn_vos.errors import GnnVosError, SettingsError
from napari_gnn_vos.gui.tools.display import CONTOUR_WIDTH
from napari_gnn_vos.storage import atomic_write

if TYPE_CHECKING:
    from napari_gnn_vos.controller.history import HistoryItem
    from napari_gnn_vos.gui.annotator import Annotator

logger = logging.getLogger(__name__)

FILE_NAME = "settings.json"
"""Name of the file of settings."""


class WindowTools:
    """Open the dialogs of the dock widget.

    Parameters
    ----------
    annotator : Annotator

    Attributes
    ----------
    has_dock : bool
        Whether a dock widget listens to `requested`.
    """

    requested = Signal(str)  # "export", "history", "keys", "settings" or "walkthrough"

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self.has_dock = False

    @property
    def keys(self) -> dict[str, str]:
        """Keys that are bound in the viewer, with a description of each."""
        return {
            str(key): (call.__doc__ or "").strip().split("\n")[0]
            for key, call in self._annotator.viewer.keymap.items()
        }

    def show_export(self) -> None:
        """Show the dialog that exports labels.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("export")

    def show_history(self) -> None:
        """Show the list of all actions that can be undone and redone.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("history")

    def show_keys(self) -> None:
        """Show the keys of the dock widget.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("keys")

    def show_settings(self) -> None:
        """Show the settings, which are kept when napari is closed.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("settings")

    def start_walkthrough(self) -> None:
        """Start the guided tour of the buttons.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("walkthrough")

    def _request(self, name: str) -> None:
        if not self.has_dock:
            raise GnnVosError(
                "There is no dock widget. Open Plugins > Annotate in a napari window."
            )
        self.requested.emit(name)


class HistoryTools:
    """List all actions on the open video, and go to any of them.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """All actions, oldest first, then the undone ones; the first is the start."""
        annotation = self._annotator.controller.annotation
        return () if annotation is None else annotation.history.items

    def go_to(self, index: int) -> None:
        """Undo or redo up to an action, and show its first frame.

        Newer strokes are kept.

        Parameters
        ----------
        index : int
            Index into `items`.

        Raises
        ------
        GnnVosError
            If there is no such action, or a job is running that cannot be dropped.
        """
        items = self.items
        if not 0 <= index < len(items):
            raise GnnVosError(
                f"Expected an action from 0 to {len(items) - 1}; got {index}. Choose "
                "one of the list."
            )
        with self._annotator.keeping_tool():
            self._annotator.controller.edits.go_to(index)
        if items[index].frames:
            self._annotator.go_to(items[index].frames[0])


class Preferences(BaseModel):
    """Settings of the dock widget.

    Parameters
    ----------
    quality : {"fast", "balanced", "best"}
        Quality of the next preparation.
    auto_predict : bool
        Predict after every stroke.
    contours : bool
        Show new predictions as contours.
    opacity : float
        Opacity of new predictions, from 0 to 1.
    brush_scale : float
        Size of the brush of new videos, relative to the default.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    quality: Quality = "balanced"
    auto_predict: bool = False
    contours: bool = False
    opacity: Annotated[float, Field(ge=0, le=1)] = 0.5
    brush_scale: Annotated[float, Field(ge=0.25, le=4)] = 1.0

    @property
    def appearance(self) -> dict[str, Any]:
        """Properties of a new layer of the prediction."""
        return {
            "opacity": self.opacity,
            "contour": CONTOUR_WIDTH if self.contours else 0,
        }


class PreferenceStore:
    """Read, apply and write the settings of an annotator.

    Parameters
    ----------
    annotator : Annotator

    Attributes
    ----------
    values : Preferences
    """

    changed = Signal(Preferences)

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._file: Path | None = None
        self.values = Preferences()

    def load(self, folder: Path | None) -> None:
        """Apply the settings of a folder, and write changes to it from now on.

        A file that cannot be read is replaced at the next change.

        Parameters
        ----------
        folder : Path or None
            None keeps changes in memory.
        """
        self._file = None if folder is None else folder / FILE_NAME
        if self._file is None or not self._file.exists():
            return
        try:
            values = Preferences.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError) as error:
            logger.warning("%s is not used: %s", self._file, error)
            return
        self._apply(values)

    def change(self, **values: Any) -> None:
        """Change settings by name, apply and store them.

        Raises
        ------
        SettingsError
            If a name is unknown, or a value is not valid.
        """
        unknown = values.keys() - Preferences.model_fields.keys()
        if unknown:
            raise SettingsError(
                f"Expected settings among {', '.join(Preferences.model_fields)}; got "
                f"{', '.join(sorted(unknown))}. Check the spelling."
            )
        try:
            new = Preferences(**(self.values.model_dump() | values))
        except ValidationError as error:
            raise SettingsError(f"The settings are not valid: {error}") from error
        if new != self.values:
            self._apply(new)
            self._write()

    def reset(self) -> None:
        """Restore and store the default settings."""
        self.change(**Preferences().model_dump())

    def apply_to_new_layers(self) -> None:
        """Use the settings for layers of the open video that are created later."""
        workspace = self._annotator.workspace
        if workspace is not None:
            workspace.prediction_layer.appearance = self.values.appearance
            workspace.drawing_layers.brush_scale = self.values.brush_scale

    def _apply(self, values: Preferences) -> None:
        """Apply the settings that differ from the current ones."""
        old, self.values = self.values, values
        annotator = self._annotator
        if values.quality != old.quality:
            annotator.controller.quality = values.quality
        annotator.auto_predict.enabled = values.auto_predict
        self.apply_to_new_layers()
        layer = None if annotator.workspace is None else annotator.workspace.prediction
        if layer is not None and values.appearance != old.appearance:
            layer.opacity = values.opacity
            layer.contour = values.appearance["contour"]
        self.changed.emit(values)

    def _write(self) -> None:
        if self._file is None:
            return
        content = self.values.model_dump_json(indent=2).encode()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, lambda file: file.write(content))
        except OSError as error:
            logger.warning("The settings are not stored in %s: %s", self._file, error)
