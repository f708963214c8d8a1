"""Overview of the keys that are bound at present."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from napari_gnn_vos.gui.widgets.style import muted_colour, style_sheet

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

SIZE = 440, 560


class KeyOverview(QDialog):
    """Table of the keys of this plugin and of napari's tools on the strokes layer.

    Parameters
    ----------
    annotator : Annotator
    parent : QWidget
    """

    def __init__(self, annotator: Annotator, parent: QWidget) -> None:
        super().__init__(parent)
        self._annotator = annotator
        self.setWindowTitle("Keys")
        self.setStyleSheet(style_sheet(annotator.viewer.theme))
        self.resize(*SIZE)
        self.table = QTextBrowser()
        column = QVBoxLayout(self)
        column.addWidget(self.table)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """List the keys as they are bound now."""
        super().showEvent(event)
        colour = muted_colour(self._annotator.viewer.theme)
        keys = self._annotator.window.keys
        self.table.setHtml(
            _section("Annotate", keys, colour)
            + _section("Layers strokes and segmentation", labels_keys(), colour)
        )


def labels_keys() -> dict[str, str]:
    """Return napari's keys of a labels layer as the user has set them."""
    keys = {}
    for action, shortcuts in get_settings().shortcuts.shortcuts.items():
        known = action_manager._actions.get(action)  # noqa: SLF001
        if "labels" in action and shortcuts and known is not None:
            shown = " / ".join(str(shortcut) for shortcut in shortcuts)
            keys[shown] = known.description
    return keys


def _section(title: str, keys: dict[str, str], colour: str) -> str:
    rows = "".join(
        f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>"
        for key, text in keys.items()
        if text
    )
    return f'<p style="color: {colour}">{title}</p><table>{rows}</table>'
