"""The moments of a session, so that a round can be taken back, and come again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from napari_gnn_vos.gui.drawing import Drawing
from napari_gnn_vos.structures.session import Session

KEPT_ROUNDS = 20
"""Rounds that can be taken back; each holds the packed labels of the whole video."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryEntry:
    """A session, and the drawing that it has answered.

    Parameters
    ----------
    session : Session
    drawing : Drawing
    cleared : Drawing, optional
        What was drawn before an object, or everything, was cleared away, if that led
        here; to take this moment back brings it back.
    """

    session: Session
    drawing: Drawing
    cleared: Drawing | None = None

    @property
    def round(self) -> int:
        """Number of rounds played, 0 for a video that was only prepared."""
        return len(self.session.rounds)


class History:
    """The prepared session, and the last moments that came of it.

    Parameters
    ----------
    session : Session
        Of the prepared video, before anything was drawn.
    """

    def __init__(self, session: Session) -> None:
        self.start = HistoryEntry(session, Drawing())
        self._moments = deque([self.start], maxlen=KEPT_ROUNDS + 1)
        self._taken_back: list[HistoryEntry] = []

    @property
    def now(self) -> HistoryEntry:
        """The latest moment."""
        return self._moments[-1]

    @property
    def before(self) -> HistoryEntry | None:
        """The moment that a step back leads to."""
        return self._moments[-2] if len(self._moments) > 1 else None

    @property
    def after(self) -> HistoryEntry | None:
        """The moment that was taken back last."""
        return self._taken_back[-1] if self._taken_back else None

    def add(self, moment: HistoryEntry) -> None:
        """Go on to `moment`; the oldest one may be forgotten."""
        self._moments.append(moment)
        self._taken_back.clear()

    def step_back(self) -> HistoryEntry:
        """Take back the latest moment and return it."""
        self._taken_back.append(self._moments.pop())
        return self._taken_back[-1]

    def step_forward(self) -> HistoryEntry:
        """Go on to the moment that was taken back last, and return it."""
        self._moments.append(self._taken_back.pop())
        return self.now
