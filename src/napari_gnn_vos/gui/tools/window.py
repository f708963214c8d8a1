"""Requests to open the dialogs of the dock widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError

if TYPE_CHECKING:
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
