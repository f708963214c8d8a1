"""The dialogs of the dock widget, each of which is created on first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_gnn_vos.gui.widgets.actions import Attempt

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget


class Dialogs:
    """Show what `WindowTools` of the annotator requests.

    Parameters
    ----------
    widget : AnnotateWidget
        Parent of the dialogs; the tour points at its buttons.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(
        self, widget: AnnotateWidget, annotator: Annotator, attempt: Attempt
    ) -> None:
        self._widget, self._annotator, self._attempt = widget, annotator, attempt
        self._open: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {
            "export": self._make_export,
            "history": self._make_history,
            "keys": self._make_keys,
            "settings": self._make_settings,
            "walkthrough": self._make_walkthrough,
        }
        annotator.window.has_dock = True
        annotator.window.requested.connect(self.show)

    def show(self, name: str) -> QWidget:
        """Show a dialog by its name, and return it."""
        if name not in self._open:
            self._open[name] = self._makers[name]()
        dialog = self._open[name]
        dialog.show()
        dialog.raise_()
        return dialog

    def __getitem__(self, name: str) -> QWidget:
        """Return a dialog that was shown."""
        return self._open[name]

    def _make_export(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.export_dialog import ExportDialog

        return ExportDialog(self._annotator, self._widget)

    def _make_history(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.history_list import HistoryDialog

        return HistoryDialog(self._annotator, self._attempt, self._widget)

    def _make_keys(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.key_overview import KeyOverview

        return KeyOverview(self._annotator, self._widget)

    def _make_settings(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.settings_dialog import SettingsDialog

        return SettingsDialog(self._annotator, self._widget)

    def _make_walkthrough(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.walkthrough import Walkthrough

        return Walkthrough(self._widget, self._annotator, self._attempt)
