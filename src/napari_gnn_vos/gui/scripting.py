"""The annotator with the real engine, for scripts, consoles and the dock widget.

It needs napari, but neither Qt nor a screen::

    viewer = napari.Viewer()  # or napari.components.ViewerModel()
    image = viewer.open("clip.mp4", plugin="napari-gnn-vos")[0]
    work = annotator(viewer)
    work.open(image)
    work.active_label.choose(1)
    work.workspace.strokes.paint((0, 120, 90), 1)
    work.predict()
    viewer.layers["segmentation"].data
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import napari
import numpy as np
from napari.utils.notifications import show_warning
from platformdirs import user_cache_path

from napari_gnn_vos.config import Quality
from napari_gnn_vos.controller import pipelines
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.jobs import Runner, run_at_once
from napari_gnn_vos.controller.pipelines import predict_round, restore_round
from napari_gnn_vos.controller.round_choices import ModelChoice
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    from napari.components import ViewerModel


_running: WeakValueDictionary[int, Annotator] = WeakValueDictionary()
"""Latest annotator of each viewer, by the id of the viewer."""


def annotator(
    viewer: ViewerModel | None = None, run: Runner | None = None, seed: int = 0
) -> Annotator:
    """Return the annotator of a viewer's dock widget, or create one.

    Parameters
    ----------
    viewer : napari.components.ViewerModel, optional
        Any napari viewer, with or without a window; the current one by default.
    run : Runner, optional
        Creates a new annotator whose pipelines are executed by it. Without a dock
        widget, each call returns when its job is done.
    seed : int
        Of a new annotator: the same strokes and seed give the same prediction.

    Returns
    -------
    annotator : Annotator

    Raises
    ------
    GnnVosError
        If no viewer is given and none is open.
    """
    viewer = viewer or napari.current_viewer()
    if viewer is None:
        raise GnnVosError("There is no napari window. Open one, or pass a viewer.")
    running = _running.get(_key(viewer))
    if run is None and running is not None and not running.closed:
        return running
    models = ModelChoice()

    def predict(
        session: Session,
        scribbles: Sequence[Scribble],
        rng: np.random.Generator,
        frame: int,
    ) -> Pipeline[Session]:
        return predict_round(session, scribbles, rng, frame, models.name)

    controller = Controller(prepare, predict, run or run_at_once, seed, restore_round)
    new = _running[_key(viewer)] = Annotator(viewer, controller, models)
    return new


def _key(viewer: ViewerModel) -> int:
    """Return the id of a viewer; napari passes a proxy of it to dock widgets."""
    return id(getattr(viewer, "__wrapped__", viewer))


def prepare(
    video: Video, frame: int, quality: Quality = "balanced"
) -> Pipeline[Session]:
    """Start a session with the user's cache folder; see `controller.pipelines`."""
    yield Progress("Starting", 0, 1)
    folder = writable_or_none(user_cache_path("napari-gnn-vos"))
    return (yield from pipelines.prepare(video, frame, quality, folder))


def writable_or_none(folder: Path) -> Path | None:
    """Return a folder if files can be written to it; otherwise warn, return None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        show_warning(
            f"Nothing can be written to {folder} ({error}). The prepared video "
            "stays in memory, and must be prepared again the next time."
        )
        return None
