"""The walk: start, annotate, predict. The only room that puts the others together."""

from napari_gnn_vos.engine.annotating import annotate
from napari_gnn_vos.engine.predicting import Model, evidence, predict
from napari_gnn_vos.engine.starting import INPUTS, start

__all__ = ["INPUTS", "Model", "annotate", "evidence", "predict", "start"]
