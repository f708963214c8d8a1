"""Processes that work on one core each, beside one that is in charge of them."""

from __future__ import annotations

import logging
import os
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread

from napari_gnn_vos.hardware import set_torch_threads


def begin_on_one_core() -> None:
    """Let this process work on one core, and end when its parent does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    set_torch_threads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def keep_to_core(number: int) -> None:
    """Let this process run on one core alone, where the system can; numbers go round.

    What asks how many cores there are is told one then.
    """
    if hasattr(os, "sched_setaffinity"):
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {there[number % len(there)]})


def _end_with_parent() -> None:
    """Wait for the parent's end: else two would write to a folder when it goes on."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
