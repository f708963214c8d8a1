"""The history of an annotator as a list: what the history dialog and scripts call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_gnn_vos.errors import GnnVosError

if TYPE_CHECKING:
    from napari_gnn_vos.controller.history import HistoryItem
    from napari_gnn_vos.gui.annotator import Annotator


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
            If there is no such action, or a job is running.
        """
        items = self.items
        if not 0 <= index < len(items):
            raise GnnVosError(
                f"Expected an action from 0 to {len(items) - 1}; got {index}. Choose "
                "one of the list."
            )
        with self._annotator.tool_kept():
            self._annotator.controller.edits.go_to(index)
        if items[index].frames:
            self._annotator.go_to(items[index].frames[0])
