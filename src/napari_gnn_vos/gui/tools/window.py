"""Requests to open dialogs, and the list of all actions on the open video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError

if TYPE_CHECKING:
    from napari_gnn_vos.controller.history import HistoryItem
    from napari_gnn_vos.gui.annotator import Annotator


class WindowTools:
    """Open the dialogs of the dock widget.

    Parameters
    ----------
    annotator : Annotator

    Attributes
    ----------
    has_dock : bool
        Whether a dock widget listens to `requested`.
    """

    requested = Signal(str)  # "export", "history", "keys", "settings" or "walkthrough"

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self.has_dock = False

    @property
    def keys(self) -> dict[str, str]:
        """Keys that are bound in the viewer, with a description of each."""
        return {
            str(key): (call.__doc__ or "").strip().split("\n")[0]
            for key, call in self._annotator.viewer.keymap.items()
        }

    def show_export(self) -> None:
        """Show the dialog that exports labels.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("export")

    def show_history(self) -> None:
        """Show the list of all actions that can be undone and redone.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("history")

    def show_keys(self) -> None:
        """Show the keys of the dock widget.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("keys")

    def show_settings(self) -> None:
        """Show the settings, which are kept when napari is closed.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("settings")

    def start_walkthrough(self) -> None:
        """Start the guided tour of the buttons.

        Raises
        ------
        GnnVosError
            If there is no dock widget.
        """
        self._request("walkthrough")

    def _request(self, name: str) -> None:
        if not self.has_dock:
            raise GnnVosError(
                "There is no dock widget. Open Plugins > Annotate in a napari window."
            )
        self.requested.emit(name)


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
            If there is no such action, or a job is running that cannot be dropped.
        """
        items = self.items
        if not 0 <= index < len(items):
            raise GnnVosError(
                f"Expected an action from 0 to {len(items) - 1}; got {index}. Choose "
                "one of the list."
            )
        with self._annotator.keeping_tool():
            self._annotator.controller.edits.go_to(index)
        if items[index].frames:
            self._annotator.go_to(items[index].frames[0])
