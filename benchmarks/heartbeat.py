"""Longest time in which a window does not process events."""

from __future__ import annotations

import time

from qtpy.QtCore import QTimer

INTERVAL_MS = 5


class Heartbeat:
    """Measure the longest pause between two ticks of a timer of the event loop."""

    def __init__(self) -> None:
        self._last, self._longest = time.perf_counter(), 0.0
        self._timer = QTimer(interval=INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def take(self) -> float:
        """Return the longest pause in seconds since the last call."""
        self._tick()
        longest, self._longest = self._longest, 0.0
        return longest

    def _tick(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last)
        self._last = now
