"""`predict` and `node_inputs` with validated arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_gnn_vos.arguments import instance, integer, validated, wrong_type
from napari_gnn_vos.engine import predicting
from napari_gnn_vos.errors import FrameIndexError
from napari_gnn_vos.structures.session import SESSION, Session


def _model(name: str, value: object) -> object:
    if callable(value) and not isinstance(value, type):
        return value
    raise wrong_type(name, "a model", value, "Load one with load_model().")


def _require_frame(arguments: Mapping[str, Any]) -> None:
    """Require that the video has the frame `first`, counted from either end."""
    session: Session = arguments["session"]
    first, count = arguments.get("first"), session.graph.shape[0]
    if first is not None and not -count <= first < count:
        raise FrameIndexError(
            f"Expected a frame from 0 to {count - 1} to predict first; got {first}. "
            "Give another one."
        )


predict = validated(
    _require_frame, session=SESSION, model=_model, first=integer(optional=True)
)(predicting.predict)
node_inputs = validated(session=SESSION, span=instance(range, optional=True))(
    predicting.node_inputs
)
