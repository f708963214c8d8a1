"""The history of an annotator as a list: what the history dialog and scripts call."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from napari_gnn_vos.controller.drawing import changed_frames
from napari_gnn_vos.errors import GnnVosError

if TYPE_CHECKING:
    from napari_gnn_vos.controller.history import History, HistoryEntry
    from napari_gnn_vos.gui.annotator import Annotator

START = "start"


@dataclass(frozen=True)
class HistoryItem:
    """An action of the history.

    Parameters
    ----------
    action : str
        Name of the action, such as ``"round 2"``.
    frames : tuple of int
        Frames whose strokes or accepted labels it changed, ascending.
    rounds : int
        Number of rounds after it.
    current : bool
        Whether it is the latest action that is not undone.
    undone : bool
    """

    action: str
    frames: tuple[int, ...]
    rounds: int
    current: bool
    undone: bool


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
        history = self._history
        if history is None:
            return ()
        entries, current = history.entries, history.index
        first = HistoryItem(START, (), entries[0].rounds, current == 0, False)
        others = (
            HistoryItem(
                entry.action,
                _frames(last, entry),
                entry.rounds,
                i == current,
                i > current,
            )
            for i, (last, entry) in enumerate(pairwise(entries), start=1)
        )
        return (first, *others)

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

    @property
    def _history(self) -> History | None:
        annotation = self._annotator.controller.annotation
        return None if annotation is None else annotation.history


def _frames(last: HistoryEntry, entry: HistoryEntry) -> tuple[int, ...]:
    """Return the frames that an action changed, compared with the entry before."""
    before = last.drawing if entry.before is None else entry.before
    return changed_frames(before, entry.drawing)
