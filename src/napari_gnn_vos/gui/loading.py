"""Loading of the modules of the dock widget in a thread, while the window is usable."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_gnn_vos.hardware import responsive_threads

UNITS_SECONDS = 10
"""Seconds to wait for the units of napari's layers."""


@cache
def load_widget_in_thread() -> Thread:
    """Import the dock widget and compile napari's colours of labels in a thread.

    Returns
    -------
    thread : Thread
        The thread of the first call.
    """
    thread = Thread(target=_load_widget, name="load-widget")
    thread.start()
    return thread


def _load_widget() -> None:
    """Import modules; the first labels layer also loads pandas and compiles kernels."""
    from napari_gnn_vos.gui.layers.attributes import labels_options

    with responsive_threads():
        for name in ("widgets.annotate_widget", "widgets.timeline", "scripting"):
            import_module(f"napari_gnn_vos.gui.{name}")
        import_module("magicgui.backends._qtpy")  # otherwise with the first widget
        load_units()
        Labels(np.zeros((1, 4, 4), np.uint8), **labels_options("warm-up"))
    Thread(target=load_torch_libraries, name="load-torch").start()


def load_units() -> None:
    """Load the units of napari's layers, if no layer has done it before.

    The registry of pint loads itself on first use. While it does so in this thread, a
    layer that the user opens would find no unit in it; so a complete one replaces it.
    """
    import pint

    application: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    unused = application.get()
    if isinstance(unused, pint.registry.LazyRegistry):
        loaded: Any = pint.UnitRegistry()
        if isinstance(unused, pint.registry.LazyRegistry):
            application.set(loaded)
    end = monotonic() + UNITS_SECONDS
    while "pixel" not in application and monotonic() < end:
        sleep(0.01)  # another thread is loading the registry


def load_torch_libraries() -> None:
    """Load the shared libraries of torch without the interpreter lock.

    ``import torch`` holds the lock while the system loads them, for about a second in
    which no other thread runs. On Windows, and if they are not found, nothing is done.
    """
    spec = find_spec("torch")
    if os.name != "posix" or spec is None or spec.origin is None:
        return
    system = ctypes.CDLL(None)  # calls of its functions release the lock
    for library in sorted(Path(spec.origin).parent.glob("lib/libtorch_cpu.*")):
        system.dlopen(os.fsencode(library), ctypes.c_int(os.RTLD_NOW))
