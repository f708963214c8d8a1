"""Where everything is wired together: the widget that napari.yaml points to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
from platformdirs import user_cache_path
from qtpy.QtCore import QEvent

from napari_gnn_vos.config import Config
from napari_gnn_vos.gui.annotate_widget import AnnotateWidget
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.controller import Controller
from napari_gnn_vos.gui.keys import bind_keys
from napari_gnn_vos.gui.runner import Runner, run_at_once
from napari_gnn_vos.gui.worker import run_in_thread
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    import napari
    from napari.components import ViewerModel


def annotator(
    viewer: ViewerModel, run: Runner = run_at_once, seed: int = 0
) -> Annotator:
    """Make an annotator with the real engine, for a script or a console.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Any napari viewer, with or without a window.
    run : Runner
        By default, every call returns when its work is done.
    seed : int
        The same strokes and seed give the same answer.
    """
    return Annotator(viewer, Controller(prepare, answer, run, seed))


def prepare(video: Video) -> Pipeline[Session]:
    """Make a session, kept in the user's cache folder."""
    yield Progress("Starting", 0, 1)
    from napari_gnn_vos.engine import start

    return (yield from start(video, Config(), user_cache_path("napari-gnn-vos")))


def answer(
    session: Session, scribbles: Sequence[Scribble], rng: np.random.Generator
) -> Pipeline[Session]:
    """Play a round with the default model."""
    yield Progress("Reading strokes", 0, 1)
    from napari_gnn_vos.engine import annotate, predict
    from napari_gnn_vos.model.registry import load_model

    session = annotate(session, scribbles, rng=rng)
    return (yield from predict(session, load_model()))


class AnnotateDock(AnnotateWidget):
    """The annotation widget with a real engine and real threads.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed in by napari, which goes by the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        made = annotator(napari_viewer, run_in_thread)
        super().__init__(made)
        self._leave = ExitStack()
        self._leave.callback(made.close)
        self._leave.callback(self.video.stop)
        self._leave.callback(bind_keys(napari_viewer, self))
        self.destroyed.connect(self._leave.close)  # the window is closed

    def event(self, event: QEvent) -> bool:
        """Let go of the viewer when the dock is closed and gives the widget back."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._leave.close()
        return bool(super().event(event))
