"""The list of all actions on the open video."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from napari_gnn_vos.errors import GnnVosError

if TYPE_CHECKING:
    from napari_gnn_vos.controller.controller import Controller
    from napari_gnn_vos.controller.history import HistoryItem


class HistoryTools:
    """List all actions on the open video, and go to any of them.

    Parameters
    ----------
    controller : Controller
    keeping_tool : callable
        Returns a context that restores the active tool if its body replaces a layer.
    go_to_frame : callable
        Shows a frame of the video.
    """

    def __init__(
        self,
        controller: Controller,
        keeping_tool: Callable[[], AbstractContextManager[None]],
        go_to_frame: Callable[[int], object],
    ) -> None:
        self._controller, self._keeping_tool = controller, keeping_tool
        self._go_to_frame = go_to_frame

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """All actions, oldest first, then the undone ones; the first is the start."""
        annotation = self._controller.annotation
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
        with self._keeping_tool():
            self._controller.edits.go_to(index)
        if items[index].frames:
            self._go_to_frame(items[index].frames[0])
