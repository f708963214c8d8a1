"""Dialogs of the dock widget: settings, history and questions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSlider
from qtpy.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.config import Quality
from napari_gnn_vos.controller.history import describe_action
from napari_gnn_vos.controller.preferences import Preferences
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.elements import (
    ActionButton,
    align_labels,
    make_label,
    make_row,
)
from napari_gnn_vos.gui.widgets.help import KeyOverview, Walkthrough

if TYPE_CHECKING:
    from napari_gnn_vos.controller.history import HistoryItem
    from napari_gnn_vos.gui.annotator import Annotator

SETTINGS_WIDTH = 400
HISTORY_SIZE = 300, 400
"""Width, or width and height, of the dialogs in pixels."""


class SettingsDialog(QDialog):
    """Show and change the settings; changes are applied and stored at once.

    Parameters
    ----------
    annotator : Annotator
    parent : QWidget
    """

    def __init__(self, annotator: Annotator, parent: QWidget) -> None:
        super().__init__(parent)
        self._store = annotator.preferences
        self.setWindowTitle("Settings of Annotate")
        self.setMinimumWidth(SETTINGS_WIDTH)
        self.fields = _setting_fields()
        self._form = Container(widgets=[*self.fields.values()])
        self.defaults = QPushButton("Restore defaults")
        self.defaults.setToolTip("Restore the default of every setting")
        self.defaults.clicked.connect(lambda _checked=False: self._store.reset())
        self.finish = QPushButton("Close")
        self.finish.setToolTip("Close; all changes are stored already")
        self.finish.clicked.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(self._form.native)
        column.addWidget(make_label("hint", "Settings are kept when napari is closed."))
        column.addWidget(make_row(self.defaults, self.finish))
        self._show(self._store.values)
        self._form.changed.connect(self._change)
        self._store.changed.connect(self._show)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Align the fields."""
        super().showEvent(event)
        align_labels(self._form.native)

    def _show(self, values: Preferences) -> None:
        with self._form.changed.blocked():
            for name, field in self.fields.items():
                field.value = getattr(values, name)

    def _change(self) -> None:
        values = {name: field.value for name, field in self.fields.items()}
        self._store.change(**values)


def _setting_fields() -> dict[str, Any]:
    """Return one widget for each field of `Preferences`."""
    return {
        "quality": ComboBox(
            label="Quality",
            choices=get_args(Quality),
            tooltip="Quality of superpixels and motion in the next preparation",
        ),
        "auto_predict": CheckBox(
            text="Predict every stroke",
            tooltip="Predict automatically after every stroke",
        ),
        "contours": CheckBox(
            text="Contours instead of areas", tooltip="Show predictions as contours"
        ),
        "opacity": FloatSlider(
            label="Opacity", min=0, max=1, step=0.05, tooltip="Opacity of predictions"
        ),
        "brush_scale": FloatSlider(
            label="Brush size",
            min=0.25,
            max=4,
            step=0.25,
            tooltip="Brush size in new videos, relative to 1/60 of the shorter side",
        ),
    }


class HistoryDialog(QDialog):
    """List the actions on the video, oldest first; undone ones are in italics.

    A click on an action undoes or redoes up to it, and shows its frame.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    parent : QWidget
    """

    def __init__(self, annotator: Annotator, attempt: Attempt, parent: QWidget) -> None:
        super().__init__(parent)
        self._annotator, self._attempt = annotator, attempt
        self._items: tuple[HistoryItem, ...] = ()
        self.setWindowTitle("History")
        self.resize(*HISTORY_SIZE)
        self.rows = QListWidget()
        self.rows.setObjectName("objects")
        self.rows.itemClicked.connect(self._go_to)
        self.undo = ActionButton("undo", annotator, attempt)
        self.redo = ActionButton("redo", annotator, attempt)
        column = QVBoxLayout(self)
        column.addWidget(self.rows)
        column.addWidget(
            make_label("hint", "Click an action to undo or redo up to it.")
        )
        column.addWidget(make_row(self.undo, self.redo))
        annotator.state_changed.connect(self._refresh)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """List all actions."""
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        state = self._annotator.state
        self.undo.setEnabled(state.can_undo)
        self.redo.setEnabled(state.can_redo)
        self.rows.setEnabled(state.editable)
        items = self._annotator.history.items
        if items != self._items:
            self._items = items
            self._fill()

    def _fill(self) -> None:
        self.rows.clear()
        for item in self._items:
            row = QListWidgetItem(describe_action(item))
            font = row.font()
            font.setItalic(item.undone)
            row.setFont(font)
            row.setToolTip(f"After {item.rounds} rounds")
            self.rows.addItem(row)
            if item.current:
                self.rows.setCurrentItem(row)
                self.rows.scrollToItem(row)

    def _go_to(self, row: QListWidgetItem) -> None:
        index = self.rows.row(row)
        self._attempt(partial(self._annotator.history.go_to, index))


class Dialogs:
    """Show the dialogs that `WindowTools` of the annotator requests.

    Parameters
    ----------
    widget : QWidget
        Parent of the dialogs; the guided tour points at its buttons.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, widget: QWidget, annotator: Annotator, attempt: Attempt) -> None:
        self._widget, self._annotator = widget, annotator
        self._open: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {
            "export": self._make_export,
            "history": lambda: HistoryDialog(annotator, attempt, widget),
            "keys": lambda: KeyOverview(annotator, widget),
            "settings": lambda: SettingsDialog(annotator, widget),
            "walkthrough": lambda: Walkthrough(widget, annotator, attempt),
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


def confirm_by_dialog(parent: QWidget, question: str) -> bool:
    """Ask a question in a dialog; return whether the answer is yes."""
    answer = QMessageBox.question(parent, "Annotate", question)
    return bool(answer == QMessageBox.StandardButton.Yes)
