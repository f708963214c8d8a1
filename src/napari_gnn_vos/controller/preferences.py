"""What the dock widget keeps in the data folder: settings, and recent projects."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from psygnal import Signal
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_gnn_vos.config import Quality
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import atomic_write

if TYPE_CHECKING:
    from napari_gnn_vos.controller.controller import Controller

logger = logging.getLogger(__name__)

FILE_NAME = "settings.json"
"""Name of the file of settings."""
RECENT_FILE = "recent.json"
"""Name of the file with the paths of recent projects."""
MAX_RECENT = 10
"""Largest number of projects that are listed as recent."""


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


class PreferenceStore:
    """Read, apply and write the settings.

    Quality and automatic prediction are settings of the controller; `changed` announces
    all others.

    Parameters
    ----------
    controller : Controller

    Attributes
    ----------
    values : Preferences
    """

    changed = Signal(Preferences, Preferences)  # new and old values

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
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

    def _apply(self, values: Preferences) -> None:
        """Apply the settings that differ from the current ones."""
        old, self.values = self.values, values
        if values.quality != old.quality:
            self._controller.quality = values.quality
        self._controller.auto_predict.enabled = values.auto_predict
        self.changed.emit(values, old)

    def _write(self) -> None:
        if self._file is None:
            return
        content = self.values.model_dump_json(indent=2).encode()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, content)
        except OSError as error:
            logger.warning("The settings are not stored in %s: %s", self._file, error)


class RecentProjects:
    """Paths of the projects that were saved or opened last, stored in a file.

    Attributes
    ----------
    folder : Path or None
        Folder of the file; without one, no project is listed.
    """

    def __init__(self) -> None:
        self.folder: Path | None = None

    @property
    def paths(self) -> list[Path]:
        """Projects that still exist, the latest first."""
        if self.folder is None:
            return []
        try:
            paths = json.loads((self.folder / RECENT_FILE).read_text("utf-8"))
            return [path for path in map(Path, paths) if path.exists()][:MAX_RECENT]
        except (OSError, ValueError, TypeError):
            return []

    def add(self, path: Path) -> None:
        """Put a project at the top of the list, if its file can be written."""
        if self.folder is None:
            return
        path = path.expanduser().absolute()
        paths = [path, *(other for other in self.paths if other != path)]
        text = json.dumps([str(each) for each in paths[:MAX_RECENT]]).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic_write(self.folder / RECENT_FILE, text)
        except OSError:  # the list is a convenience
            return
