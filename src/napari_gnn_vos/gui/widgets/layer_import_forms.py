"""Forms for the import of labels, shapes and points layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from magicgui.widgets import request_values
from napari.layers import Labels, Layer, Points, Shapes

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
    choices = _layers(annotator, (Labels,))
    if not choices:
        raise ScribbleError(
            "There is no labels layer to use. Open one, or drag a mask into the window."
        )
    answer = request_values(
        title="Use labels as annotation",
        layer=_choice(choices),
        frames=_choice([THIS_FRAME, ALL_FRAMES]),
    )
    if answer:
        frame = workspace.frame if answer["frames"] == THIS_FRAME else None
        annotator.imports.use_labels(answer["layer"], frame)


def import_shapes(annotator: Annotator) -> None:
    """Ask for a shapes or points layer and an object, and use it as strokes.

    Raises
    ------
    ScribbleError
        If there is no such layer to choose.
    """
    if annotator.workspace is None:
        return
    choices = _layers(annotator, (Shapes, Points))
    if not choices:
        raise ScribbleError(
            "There is no shapes or points layer to use. Add one with the buttons above "
            "the layer list, and draw in it."
        )
    table = annotator.objects.table
    answer = request_values(
        title="Use shapes or points as strokes",
        layer=_choice(choices),
        label=_choice(
            [(table.name_of(label), label) for label in table.labels],
            label="object",
            value=annotator.active_label.label,
        ),
        fill={
            "label": "fill areas",
            "annotation": bool,
            "value": True,
            "options": {"tooltip": "Fill polygons, rectangles and ellipses"},
        },
    )
    if answer:
        layer, label, fill = answer["layer"], answer["label"], answer["fill"]
        annotator.imports.use_shapes(layer, label, fill=fill)


def _choice(choices: Sequence[Any], **options: Any) -> dict[str, Any]:
    """Describe a combo box of a form, see `magicgui.widgets.create_widget`."""
    return {"widget_type": "ComboBox", "options": {"choices": choices}, **options}


def _layers(
    annotator: Annotator, kinds: tuple[type[Layer], ...]
) -> list[tuple[str, Layer]]:
    """List names and layers of some kinds, except those of the annotation."""
    workspace = annotator.workspace
    own = () if workspace is None else workspace.own_layers
    layers = annotator.viewer.layers
    return [(x.name, x) for x in layers if isinstance(x, kinds) and x not in own]
