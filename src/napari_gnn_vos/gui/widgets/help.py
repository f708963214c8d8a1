"""Help: an overview of the keys, and the guided tour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from qtpy.QtCore import QPoint, QRect, Qt, QTimer
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import (
    QDialog,
    QFrame,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.elements import (
    ACCENT,
    make_label,
    make_row,
    muted_colour,
    style_sheet,
    theme_colour,
)

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

KEYS_SIZE = 440, 560
"""Width and height of the overview of the keys in pixels."""
SAMPLE = "napari-gnn-vos", "composed-scene"
WIDTH, GAP, BORDER = 300, 14, 3
POLL_INTERVAL = 150
"""Milliseconds between two updates of the position, which follows the dock."""
NOTE_SHEET = """
#walkthrough {{ background-color: {background}; border: 2px solid {accent}; }}
#walkthrough QLabel {{ color: {text}; }}
"""
"""Style of the note of the guided tour, in addition to that of the dock widget."""


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
        self.resize(*KEYS_SIZE)
        self.table = QTextBrowser()
        column = QVBoxLayout(self)
        column.addWidget(self.table)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """List the keys as they are bound now."""
        super().showEvent(event)
        colour = muted_colour(self._annotator.viewer.theme)
        keys = self._annotator.window.keys
        self.table.setHtml(
            _key_table("Annotate", keys, colour)
            + _key_table("Layers strokes and segmentation", labels_keys(), colour)
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


def _key_table(title: str, keys: dict[str, str], colour: str) -> str:
    rows = "".join(
        f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>"
        for key, text in keys.items()
        if text
    )
    return f'<p style="color: {colour}">{title}</p><table>{rows}</table>'


@dataclass(frozen=True)
class WalkthroughStep:
    """A step of the tour.

    Parameters
    ----------
    title, text : str
    targets : tuple of str
        Object names of the widgets that the step points at.
    completed : callable
        Whether a state shows that the user has done the step. The second argument is
        the state at the start of the step.
    """

    title: str
    text: str
    targets: tuple[str, ...]
    completed: Callable[[ViewState, ViewState], bool]


STEPS = (
    WalkthroughStep(
        "Open a video",
        "Drag a video into the window, or press Open sample. It appears in this list.",
        ("video",),
        lambda now, _start: now.video_open,
    ),
    WalkthroughStep(
        "Paint a stroke",
        "Choose an object in the list, and drag with the left mouse button across it "
        "in the image. Then choose Object 2 and paint on the other object.",
        ("use_brush", "objects"),
        lambda now, _start: now.unpredicted,
    ),
    WalkthroughStep(
        "Predict",
        "Press Predict, or the key G. The first time, the video is prepared; then all "
        "frames are labelled.",
        ("predict",),
        lambda now, start: now.rounds > start.rounds and not now.busy,
    ),
    WalkthroughStep(
        "Correct",
        "Press Most uncertain frame, or the key W. Paint on what is wrong there, and "
        "predict again.",
        ("go_to_most_uncertain_frame",),
        lambda now, start: now.rounds > start.rounds and not now.busy,
    ),
)


class Walkthrough(QFrame):
    """A note next to the widget that the current step needs, and a frame around it.

    It shows the next step when the user has completed the current one.

    Parameters
    ----------
    dock : QWidget
        Contains the widgets that the steps point at.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.

    Attributes
    ----------
    index : int
        Number of the step from 0.
    """

    def __init__(self, dock: QWidget, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(dock.window())
        self._dock, self._annotator = dock, annotator
        self.index, self._start = 0, annotator.state
        self.setObjectName("walkthrough")
        self.setFixedWidth(WIDTH)
        self._frame = TargetFrame(dock.window())
        self._title, self._text = make_label("status"), make_label("walkthroughText")
        self.sample = QPushButton("Open sample")
        self.sample.setToolTip("Open the sample video Composed scene")
        self.sample.clicked.connect(lambda _checked=False: attempt(self._open_sample))
        self.skip = QPushButton("Next")
        self.skip.setToolTip("Go to the next step without doing this one")
        self.skip.clicked.connect(self._next)
        self.end = QPushButton("End tour")
        self.end.setToolTip("Close the tour")
        self.end.clicked.connect(self.hide)
        column = QVBoxLayout(self)
        for widget in (self._title, self._text, self.sample):
            column.addWidget(widget)
        column.addWidget(make_row(self.end, self.skip))
        self._timer = QTimer(self, interval=POLL_INTERVAL)
        self._timer.timeout.connect(self._place)
        annotator.state_changed.connect(self._observe)

    def setVisible(self, visible: bool) -> None:  # noqa: N802
        """Start at the first step when it is shown."""
        if visible and not self.isVisible():
            self.setStyleSheet(_note_sheet(self._annotator.viewer.theme))
            self._go_to(0)
            self._timer.start()
        if not visible:
            self._timer.stop()
        self._frame.setVisible(visible)
        super().setVisible(visible)
        self._place()

    @property
    def step(self) -> WalkthroughStep:
        """The current step."""
        return STEPS[self.index]

    def _go_to(self, index: int) -> None:
        self.index, self._start = index, self._annotator.state
        last = index == len(STEPS) - 1
        self._title.setText(f"{index + 1} of {len(STEPS)}  {self.step.title}")
        self._text.setText(self.step.text)
        self.sample.setVisible(index == 0 and not self._start.video_open)
        self.skip.setText("Finish" if last else "Next")
        self.adjustSize()
        if index == 0 and self._start.video_open:
            self._go_to(1)

    def _next(self) -> None:
        if self.index + 1 < len(STEPS):
            self._go_to(self.index + 1)
            self._place()
        else:
            self.hide()
            self._annotator.controller.report(
                "The tour is complete; the key ? shows all keys"
            )

    def _observe(self) -> None:
        if self.isVisible() and self.step.completed(self._annotator.state, self._start):
            self._next()

    def _open_sample(self) -> None:
        viewer = self._annotator.viewer
        viewer.open_sample(*SAMPLE)
        viewer.dims.set_current_step(0, 0)

    def _place(self) -> None:
        """Move the note to the left of the targets, inside the window."""
        area = QRect()
        for name in self.step.targets:
            target = self._dock.findChild(QWidget, name)
            corner = target.mapTo(self.window(), QPoint(0, 0))
            area = area.united(QRect(corner, target.size()))
        self._frame.setGeometry(area.adjusted(-BORDER, -BORDER, BORDER, BORDER))
        left = area.left() - self.width() - GAP
        if left < 0:  # the dock is on the left side
            left = area.right() + GAP
        top = min(area.top(), self.parentWidget().height() - self.height() - GAP)
        self.move(left, max(top, GAP))
        self._frame.raise_()
        self.raise_()


class TargetFrame(QWidget):
    """A frame around a widget; mouse events pass through it to the widget."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw the frame."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(ACCENT), 2 * BORDER))
        painter.drawRect(self.rect())
        painter.end()


def _note_sheet(theme: str) -> str:
    """Return the style sheet of the note of the guided tour."""
    background, text = theme_colour(theme, "background"), theme_colour(theme, "text")
    return style_sheet(theme) + NOTE_SHEET.format(
        accent=ACCENT, background=background, text=text
    )
