"""Superpixels of an annotator's video: boundaries, and strokes by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.layers.label_layers import ComputedLayer
from napari_gnn_vos.interact.superpixel_tracking import follow_superpixel
from napari_gnn_vos.structures.canvas import constant, value_of
from napari_gnn_vos.structures.working_video import enlarge_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.layers.workspace import Workspace
    from napari_gnn_vos.structures.session import Session

NEXT_FRAMES = 10
"""Frames after the displayed one that `SuperpixelTools.follow` labels."""
SUPERPIXELS = "superpixels"
"""Name of the layer with their boundaries."""
BOUNDARY_COLOUR = "#ffe45e"


class SuperpixelTools:
    """Show superpixels, and label one by a click or on several frames.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._boundaries: ComputedLayer | None = None
        annotator.controller.session_changed.connect(self._refresh_boundaries)

    @property
    def shown(self) -> bool:
        """Whether the boundaries are shown."""
        return self._boundaries is not None and self._boundaries.shown

    def toggle_boundaries(self) -> bool:
        """Show or hide the boundaries of superpixels; return whether they are shown.

        Raises
        ------
        GnnVosError
            If the video is not prepared.
        """
        self._show(not self.shown)
        return self.shown

    def use_tool(self) -> None:
        """Activate the tool that labels a superpixel by a click; show the boundaries.

        Raises
        ------
        GnnVosError
            If the video is not prepared.
        """
        self._show(True)
        active = self._annotator.active_label
        active.choose(active.label, "superpixels")

    def label_at(self, world: Sequence[float] | None = None) -> None:
        """Paint a stroke of the active label on a superpixel.

        If all of it has strokes of this label, they are erased.

        Parameters
        ----------
        world : sequence of float, optional
            Position in the viewer; by default that of the mouse.

        Raises
        ------
        GnnVosError
            If the video is not prepared, or the position is outside the frame.
        """
        workspace, frame = self._annotator.require_workspace(), self._annotator.frame
        node = self._node_at(world)
        pixels = np.nonzero(_superpixels_of(self._require_session(), frame) == node)
        value = value_of(self._annotator.active_label.label)
        strokes = workspace.drawing_layers.strokes_up_to(value)
        index = workspace.axes.pixel_indices(frame, *pixels)
        erase = bool((np.asarray(strokes.data[index]) == value).all())
        strokes.data_setitem(index, 0 if erase else value)

    def follow(self, count: int = NEXT_FRAMES) -> int:
        """Label the superpixel under the mouse, and follow it to the next frames.

        Undo removes the strokes.

        Parameters
        ----------
        count : int
            Number of frames after the one on screen.

        Returns
        -------
        frames : int
            Number of labelled frames.

        Raises
        ------
        GnnVosError
            If the video is not prepared, no superpixel is under the mouse, or a job is
            running.
        """
        session, frame = self._require_session(), self._annotator.frame
        active = self._annotator.active_label
        node, value = self._node_at(), value_of(active.label)
        graph, settings = session.graph, session.config.seeds
        stroke = constant(value)
        canvases = {
            t: np.where(
                np.isin(_superpixels_of(session, t), nodes), stroke, np.uint8(0)
            )
            for t, nodes in follow_superpixel(graph, frame, node, count, settings)
        }
        action = f"superpixel of {active.name_of(active.label)} on frames {frame} to "
        with self._annotator.keeping_tool():
            self._annotator.controller.edits.add_drawing(
                Drawing(canvases), f"{action}{frame + len(canvases) - 1}"
            )
        return len(canvases)

    def leave(self) -> None:
        """Remove the boundaries, because another video is opened."""
        if self._boundaries is not None:
            self._boundaries.leave()
        self._boundaries = None

    def _show(self, shown: bool) -> None:
        workspace = self._annotator.require_workspace()
        if shown:
            self._require_session()
        if self._boundaries is None:
            self._boundaries = self._create(workspace)
        self._boundaries.show(shown)

    def _create(self, workspace: Workspace) -> ComputedLayer:
        def compute(frame: int) -> NDArray[Any]:
            annotation = self._annotator.controller.annotation
            session = None if annotation is None else annotation.session
            if session is None or session.video is not workspace.video:
                return np.zeros(workspace.video.shape[1:], np.uint16)
            return _superpixels_of(session, frame) + 1

        # for other colour maps, napari compiles functions at first use
        colours = ["transparent", BOUNDARY_COLOUR]
        options = {
            "opacity": 0.4,
            "colormap": CyclicLabelColormap(colors=colours),
            "contour": 1,
        }
        return workspace.computed_layer(compute, SUPERPIXELS, options)

    def _node_at(self, world: Sequence[float] | None = None) -> int:
        point = self._annotator.require_workspace().pixel_at(world)
        if point is None:
            raise ScribbleError("There is no superpixel under the mouse. Point at one.")
        labels = _superpixels_of(self._require_session(), self._annotator.frame)
        return int(labels[int(point[0]), int(point[1])])

    def _require_session(self) -> Session:
        return self._annotator.controller.require_annotation().require_session()

    def _refresh_boundaries(self) -> None:
        if self._boundaries is not None:
            self._boundaries.refresh()


def _superpixels_of(session: Session, frame: int) -> NDArray[np.int32]:
    """Return the superpixels of a frame at the size of the video, (H, W)."""
    labels = session.graph.frames[frame].labels
    return enlarge_labels(labels, session.video.shape[1:]).astype(np.int32)
