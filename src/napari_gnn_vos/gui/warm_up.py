"""Imports and compilation in threads, so that the window never waits for them."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread, main_thread
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_gnn_vos.hardware import responsive_threads
from napari_gnn_vos.progress import Progress, drain
from napari_gnn_vos.structures.session import Session


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
    from napari_gnn_vos.gui.layers.factory import labels_options

    with responsive_threads():
        for name in (
            "widgets.annotate_widget",
            "widgets.timeline",
            "scripting",
            "worker",
        ):
            import_module(f"napari_gnn_vos.gui.{name}")
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


@cache
def warm_up_in_thread() -> Thread:
    """Load kernels, label model and network in a thread, once per process.

    Loading takes seconds, in which the user paints the first strokes.

    Returns
    -------
    thread : Thread
        The thread of the first call.
    """
    thread = Thread(target=_warm_up_while_open, name="warm-up")
    thread.start()
    return thread


def _warm_up_while_open() -> None:
    """Warm up, and ignore errors that are caused by the end of the process."""
    try:
        with responsive_threads():
            warm_up()
    except Exception:
        if main_thread().is_alive():
            raise


def _exit_with_process(_step: Progress) -> None:
    if not main_thread().is_alive():
        raise SystemExit  # ends only this thread


class EncodeAhead:
    """Encode the frames of a prepared video in a thread, until something else starts.

    The user paints the first strokes meanwhile.
    """

    def __init__(self) -> None:
        self._stopped = Event()

    def start(self, session: Session, first: int) -> Thread:
        """Encode the frames of a session outwards from one; stop those of another.

        Parameters
        ----------
        session : Session
        first : int

        Returns
        -------
        thread : Thread
            Ends with the process.
        """
        self.stop()
        self._stopped = stopped = Event()

        def encode() -> None:
            from napari_gnn_vos.engine import encode_frames

            with responsive_threads():
                for _ in encode_frames(session, first=first):
                    if stopped.is_set() or not main_thread().is_alive():
                        return

        thread = Thread(target=encode, name="encode-frames")
        thread.start()
        return thread

    def stop(self) -> None:
        """Request the thread to end after the present frame."""
        self._stopped.set()


def warm_up() -> None:
    """Prepare, annotate and predict a video of two frames.

    The object is large enough for the boundary decoder.
    """
    from napari_gnn_vos.engine import annotate, predict, start
    from napari_gnn_vos.model.registry import load_model
    from napari_gnn_vos.structures.scribbles import Scribble
    from napari_gnn_vos.structures.video import Video

    frames = np.full((2, 160, 192, 3), 40, np.uint8)
    frames[:, 40:120, 56:136] = 200
    scribbles = (
        Scribble(0, 1, np.array([[50, 66], [110, 126]])),
        Scribble(0, 0, np.array([[10, 10], [10, 180]])),
    )
    session = drain(start(Video(frames, name="warm-up")), _exit_with_process)
    session = annotate(session, scribbles, rng=np.random.default_rng(0))
    drain(predict(session, load_model(), first=0), _exit_with_process)
