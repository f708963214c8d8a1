"""Elements of the widgets: sections, buttons, menu items, labels and style sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.gui.widgets.actions import ACTIONS, Attempt
from napari_gnn_vos.progress import Progress

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

ACCENT, ACCENT_HOVER = "#2474b5", "#2f86cc"
SHEET = """
#predict {{ padding: 7px; }}
QPushButton[next="true"] {{ background-color: {accent}; color: white; }}
QPushButton[next="true"]:hover {{ background-color: {hover}; }}
QPushButton:disabled {{ background-color: {disabled}; color: {muted}; }}
QPushButton:checked {{ border: 2px solid {accent}; }}
QScrollArea#annotate {{ background: transparent; }}
#objects {{ font-size: 12px; }}
#objects::item {{ padding: 4px; }}
#objects::item:selected {{ background-color: {accent}; color: white; }}
QProgressBar {{ text-align: center; min-height: 20px; }}
QProgressBar::chunk {{ background-color: {accent}; }}
#caption, #hint, #requirements {{ color: {muted}; }}
#status, #predict {{ font-weight: bold; }}
"""
MUTED = 0.65
"""Weight of the text colour in captions and hints; the rest is background colour."""
TEXT_PADDING = 8
"""Pixels above and below the text of a label in napari's style."""
SPACING = 4
"""Pixels between two rows."""


class Section(QWidget):
    """A column of widgets that shows a part of the state.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self._annotator, self._attempt = annotator, attempt
        self._button = partial(ActionButton, annotator=annotator, attempt=attempt)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING)

    def show_state(self, state: ViewState) -> None:
        """Show a state of the annotation."""
        raise NotImplementedError

    def _arrange(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self._column.addWidget(widget)


class ActionButton(QPushButton):
    """A button that calls a method of the annotator.

    Parameters
    ----------
    method : str
        Name of an action in `ACTIONS`.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, method: str, annotator: Annotator, attempt: Attempt) -> None:
        action = ACTIONS[method]
        super().__init__(action.text)
        self.setObjectName(method)
        self.setToolTip(action.hint)
        perform = partial(action.perform, annotator)
        self.clicked.connect(lambda _checked=False: attempt(perform))

    def highlight(self, highlighted: bool) -> None:
        """Highlight the button if it is the recommended next action."""
        if self.property("next") != highlighted:
            self.setProperty("next", highlighted)
            self.style().unpolish(self)
            self.style().polish(self)


def add_to_menu(
    menu: QMenu, method: str, annotator: Annotator, attempt: Attempt
) -> QAction:
    """Add an action of `ACTIONS` to a menu, with its tooltip and key."""
    action = ACTIONS[method]
    key = f"\t{action.shown_key}" if action.key else ""
    item = menu.addAction(f"{action.text}{key}")
    item.setToolTip(action.tooltip)
    perform = partial(action.perform, annotator)
    item.triggered.connect(lambda _checked=False: attempt(perform))
    return item


class TextLabel(QLabel):
    """A label that wraps its text instead of widening the column.

    Parameters
    ----------
    lines : int
        Fixed height in lines of text; 0 for the height of the text.
    """

    def __init__(self, text: str, lines: int) -> None:
        super().__init__(text)
        self._lines = lines
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if lines:
            self.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size of the text, or the fixed height of `lines` lines."""
        return self._with_fixed_height(super().sizeHint())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the minimum size, with the height of :meth:`sizeHint`."""
        return self._with_fixed_height(super().minimumSizeHint())

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height, for any width if the number of lines is fixed."""
        return self._fixed_height or int(super().heightForWidth(width))

    @property
    def _fixed_height(self) -> int:
        lines = self._lines * self.fontMetrics().lineSpacing()
        return lines + TEXT_PADDING if lines else 0

    def _with_fixed_height(self, size: QSize) -> QSize:
        if self._lines:
            size.setHeight(self._fixed_height)
        return size


def make_label(name: str, text: str = "", lines: int = 0) -> TextLabel:
    """Create a label with an object name, see `TextLabel`."""
    label = TextLabel(text, lines)
    label.setObjectName(name)
    return label


def make_column(*widgets: QWidget) -> QWidget:
    """Arrange widgets in a column."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACING)
    for widget in widgets:
        layout.addWidget(widget)
    return column


def make_row(*widgets: QWidget) -> QWidget:
    """Arrange widgets side by side; widths are equal unless a text needs more."""
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    for column, widget in enumerate(widgets):
        grid.addWidget(widget, 0, column)
        grid.setColumnStretch(column, 1)
    return row


def make_button(
    text: str, action: Callable[[], object], tooltip: str = ""
) -> QPushButton:
    """Create a button that calls a function without arguments."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.clicked.connect(lambda _checked=False: action())
    return button


def make_scroll_area(content: QWidget) -> QScrollArea:
    """Show a widget at the full width of an area that scrolls vertically."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


class StepBar(QProgressBar):
    """A progress bar of the steps of a pipeline."""

    def show_step(self, step: Progress) -> None:
        """Show the stage of a step, and how many of all steps are finished."""
        self.setFormat(f"{step.stage.capitalize()}  %v / %m")
        self.setMaximum(max(step.total, 1))
        self.setValue(step.done)  # last, because it repaints the bar at once


def align_labels(form: QWidget) -> None:
    """Give the labels of a form of magicgui equal widths, in the style of the window.

    magicgui does so with the default font, before the form gets its style.

    Parameters
    ----------
    form : QWidget
        The native widget of a `Container`; its rows have a label each.
    """
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    rows = form.findChildren(QWidget, options=direct)
    labels = [
        label for row in rows for label in row.findChildren(QLabel, options=direct)[:1]
    ]
    for label in labels:
        label.ensurePolished()
    width = max((label.sizeHint().width() for label in labels), default=0)
    for label in labels:
        label.setMinimumWidth(width)


def style_sheet(theme: str) -> str:
    """Return the style sheet of the dock widget.

    Parameters
    ----------
    theme : str
        Name of a napari theme, ``viewer.theme``.
    """
    disabled, muted = theme_colour(theme, "foreground"), muted_colour(theme)
    return SHEET.format(
        accent=ACCENT, hover=ACCENT_HOVER, disabled=disabled, muted=muted
    )


def theme_colour(theme: str, name: str) -> str:
    """Return a colour of a napari theme, such as ``"background"``, as ``#rrggbb``."""
    return _hex(_rgb(theme, name))


def muted_colour(theme: str) -> str:
    """Return the colour of captions and hints, ``#rrggbb``."""
    pairs = zip(_rgb(theme, "text"), _rgb(theme, "background"), strict=True)
    return _hex(round(MUTED * text + (1 - MUTED) * back) for text, back in pairs)


def _rgb(theme: str, name: str) -> tuple[int, ...]:
    colour = getattr(get_theme(theme), name)
    return tuple(colour.as_rgb_tuple(alpha=False))


def _hex(rgb: Iterable[int]) -> str:
    return "#" + bytes(rgb).hex()
