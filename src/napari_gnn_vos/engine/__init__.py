"""The three steps of the data flow: `start`, `annotate` and `predict`.

Only this package combines reading, preparing, annotating and predicting.
"""

from napari_gnn_vos.engine.annotating import annotate, check_strokes
from napari_gnn_vos.engine.frame_labelling import encode_frames
from napari_gnn_vos.engine.group_prediction import Model
from napari_gnn_vos.engine.predicting import node_inputs, predict
from napari_gnn_vos.engine.splitting import split_at_boundaries
from napari_gnn_vos.engine.starting import INPUTS, start

__all__ = [
    "INPUTS",
    "Model",
    "annotate",
    "check_strokes",
    "encode_frames",
    "node_inputs",
    "predict",
    "split_at_boundaries",
    "start",
]
