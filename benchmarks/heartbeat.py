"""Blocks of a window: times in which its event loop processes no events."""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from threading import Event, Thread, get_native_id, main_thread
from typing import NamedTuple

from qtpy.QtCore import QTimer

INTERVAL_MS = 5
SAMPLE_SECONDS = 0.01
"""Time between two samples of the stack during a block."""
STACK_DEPTH = 14
"""Innermost calls of a sample that are printed."""


class Block(NamedTuple):
    """Time between two ticks of the event loop, in seconds.

    Parameters
    ----------
    wall : float
    processor : float
        Used by the main thread.
    queued : float
        In which the main thread was ready to run, but all cores were in use by other
        threads or processes. 0 where the system does not report it.
    """

    wall: float
    processor: float
    queued: float

    @property
    def own(self) -> float:
        """The part that does not depend on the load of the machine."""
        return self.wall - self.queued


NO_BLOCK = Block(0.0, 0.0, 0.0)


class Heartbeat:
    """Measure the longest block of the event loop of the main thread.

    Parameters
    ----------
    report : float, optional
        Print where the main thread was in blocks whose `own` time is longer, in
        seconds.
    """

    def __init__(self, report: float | None = None) -> None:
        self._clocks = MainThreadClocks()
        self._last = self._clocks.read()
        self._longest = NO_BLOCK
        self._report = report
        self._sampler = None if report is None else StackSampler()
        self._timer = QTimer(interval=INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def take(self) -> Block:
        """Return the longest block since the last call, by its `own` time."""
        self._tick()
        longest, self._longest = self._longest, NO_BLOCK
        return longest

    def stop(self) -> None:
        """End the timer, and the thread that samples the stack."""
        self._timer.stop()
        if self._sampler is not None:
            self._sampler.stop()

    def _tick(self) -> None:
        now = self._clocks.read()
        block = Block(*(b - a for a, b in zip(self._last, now, strict=True)))
        self._last = now
        self._longest = max(self._longest, block, key=lambda block: block.own)
        if self._sampler is not None:
            stacks = self._sampler.take()
            if self._report is not None and block.own > self._report:
                print_block(block, stacks)


class MainThreadClocks:
    """Clocks of the calling thread: wall, processor and queued time."""

    def __init__(self) -> None:
        self._statistics = Path(f"/proc/self/task/{get_native_id()}/schedstat")

    def read(self) -> Block:
        """Read all clocks; to be called in the same thread."""
        try:
            queued = int(self._statistics.read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            queued = 0.0
        return Block(time.perf_counter(), time.thread_time(), queued)


class StackSampler:
    """Sample the stack of the main thread in a thread.

    No sample is taken while another thread holds the interpreter lock.
    """

    def __init__(self) -> None:
        self._stacks: list[tuple[str, ...]] = []
        self._ended = Event()
        self._thread = Thread(target=self._sample, daemon=True)
        self._thread.start()

    def take(self) -> list[tuple[str, ...]]:
        """Return the samples since the last call."""
        stacks, self._stacks = self._stacks, []
        return stacks

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        main = main_thread().ident
        while not self._ended.wait(SAMPLE_SECONDS):
            frames = traceback.extract_stack(sys._current_frames()[main])  # noqa: SLF001
            calls = frames[-STACK_DEPTH:]
            self._stacks.append(
                tuple(f"{Path(c.filename).name}:{c.lineno} {c.name}" for c in calls)
            )


def print_block(block: Block, stacks: list[tuple[str, ...]]) -> None:
    """Print the times of a block, and its most frequent stacks."""
    print(
        f"block of {block.wall:.3f} s: {block.processor:.3f} s of processor time, "
        f"{block.queued:.3f} s queued, {len(stacks)} samples"
    )
    for stack, count in Counter(stacks).most_common(3):
        print(f"  {count} x " + " < ".join(reversed(stack)))
