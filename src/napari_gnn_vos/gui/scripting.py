"""The annotator with the real engine: for a script, a console, and the widget.

Needs napari, but no Qt and no screen::

    viewer = napari.Viewer()  # or napari.components.ViewerModel()
    image = viewer.open("clip.mp4", plugin="napari-gnn-vos")[0]
    work = annotator(viewer)
    work.open(image)
    work.pen.choose(1)
    work.workspace.strokes.paint((0, 120, 90), 1)
    work.predict()
    viewer.layers["segmentation"].data
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import show_warning
from platformdirs import user_cache_path

from napari_gnn_vos.config import Config
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.controller import Controller
from napari_gnn_vos.gui.runner import Runner, run_at_once
from napari_gnn_vos.gui.warm_up import warm_up_in_thread
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
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


def prepare(video: Video, frame: int) -> Pipeline[Session]:
    """Make a session, kept in the user's cache folder; `frame` is prepared first."""
    yield Progress("Starting", 0, 1)
    from napari_gnn_vos.engine import start

    warm_up_in_thread()
    folder = writable(user_cache_path("napari-gnn-vos"))
    return (yield from start(video, Config(), folder, frame))


def writable(folder: Path) -> Path | None:
    """Give a folder back if files can be written to it; else warn that they cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        show_warning(
            f"Nothing can be written to {folder} ({error}). What is prepared stays in "
            "memory, and must be prepared again the next time."
        )
        return None


def answer(
    session: Session,
    scribbles: Sequence[Scribble],
    rng: np.random.Generator,
    frame: int,
) -> Pipeline[Session]:
    """Play a round with the default model; `frame` is answered first."""
    yield Progress("Reading strokes", 0, 1)
    from napari_gnn_vos.engine import annotate, predict
    from napari_gnn_vos.model.registry import load_model

    session = annotate(session, scribbles, rng=rng)
    return (yield from predict(session, load_model(), first=frame))
