"""A walk through the frames of an answer, the one to look at first coming first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.interact.uncertainty import most_uncertain_frames
from napari_gnn_vos.structures.session import Session


class ReviewQueue:
    """Tells which frame to look at next; it begins anew with every new answer."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._order: Iterator[int] = iter(())

    def next_frame(self, session: Session) -> int:
        """Frame of an answer that is least sure, of those that were not told yet.

        When all were told, it begins again.

        Raises
        ------
        GnnVosError
            If there is no answer, or if every frame is drawn on.
        """
        if session is not self._session:
            self._session, self._order = session, cycle(most_uncertain_frames(session))
        frame = next(self._order, None)
        if frame is None:
            raise GnnVosError("Every frame is drawn on; there is no other to look at.")
        return frame
