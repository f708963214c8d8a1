"""Menu with everything that changes how labels are shown."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMenu, QWidget

from napari_gnn_vos.gui.widgets.actions import Attempt, add_to_menu

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

CHECKED = {
    "display.toggle_labels": "display.labels_shown",
    "display.toggle_contours": "display.contours_shown",
    "display.toggle_neighbours": "display.neighbours_shown",
    "display.toggle_previous": "display.previous_shown",
    "superpixels.toggle_boundaries": "superpixels.shown",
}
"""Actions that are switched on and off, and attributes that say whether they are on."""


class DisplayMenu(QMenu):
    """Labels, contours, comparisons, superpixels, opacity and colours.

    Parameters
    ----------
    parent : QWidget
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, parent: QWidget, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(parent)
        self._annotator = annotator
        self.setToolTipsVisible(True)
        self._checked = [
            (add_to_menu(self, method, annotator, attempt), attribute)
            for method, attribute in CHECKED.items()
        ]
        for item, _ in self._checked:
            item.setCheckable(True)
        self.addSeparator()
        for method in ("cycle_opacity", "use_contrasting_colours"):
            add_to_menu(self, f"display.{method}", annotator, attempt)
        self.aboutToShow.connect(self._update)

    def _update(self) -> None:
        """Show what is switched on; the layers may have been changed by the user."""
        for item, attribute in self._checked:
            item.setChecked(bool(attrgetter(attribute)(self._annotator)))
