"""Set-up of single-threaded worker processes."""

from __future__ import annotations

import logging
import os
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread

from napari_gnn_vos.hardware import set_torch_threads


def initialize_worker() -> None:
    """Limit torch to one thread and exit when the parent process exits."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    set_torch_threads(1)
    Thread(target=_exit_with_parent, daemon=True).start()


def pin_to_core(number: int) -> None:
    """Pin this process to core `number` modulo the usable cores, if supported.

    Afterwards the number of usable cores is 1.
    """
    if hasattr(os, "sched_setaffinity"):
        usable = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {usable[number % len(usable)]})


def _exit_with_parent() -> None:
    """Exit with the parent, so that a resumed training is the only writer."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
