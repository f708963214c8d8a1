"""Dialog for the import of a labels layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import request_values
from napari.layers import Labels

from napari_gnn_vos.errors import ScribbleError

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

THIS_FRAME, ALL_FRAMES = "this frame", "all frames with labels"


def import_labels(annotator: Annotator) -> None:
    """Ask for a labels layer and the frames, and use them as annotation.

    Raises
    ------
    ScribbleError
        If there is no labels layer to choose.
    """
    workspace = annotator.workspace
    if workspace is None:
        return
    own = (*workspace.drawing_layers, workspace.prediction)
    layers = annotator.viewer.layers
    choices = [x for x in layers if isinstance(x, Labels) and x not in own]
    if not choices:
        raise ScribbleError(
            "There is no labels layer to use. Open one, or drag a mask into the window."
        )
    answer = request_values(
        title="Use labels as annotation",
        layer={"choices": [(layer.name, layer) for layer in choices]},
        frames={"choices": [THIS_FRAME, ALL_FRAMES]},
    )
    if answer:
        frame = workspace.frame if answer["frames"] == THIS_FRAME else None
        annotator.use_labels(answer["layer"], frame)
