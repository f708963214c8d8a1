"""The prediction of a round in a project, as safetensors."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.label_frames import LabelFrames, label_dtype, unpack
from napari_gnn_vos.structures.project import SavedPrediction
from napari_gnn_vos.structures.session import Prediction


def encode_prediction(saved: SavedPrediction) -> bytes:
    """Encode labels and probabilities of a round as safetensors.

    The labels of each frame are compressed by zlib.
    """
    prediction, packed = saved.prediction, saved.labels.packed
    arrays = {
        "labels": np.frombuffer(b"".join(packed), np.uint8),
        "label_bytes": np.array([len(frame) for frame in packed], np.int64),
        "objects": np.array(prediction.objects, saved.labels.dtype),
        "expected_j": np.ascontiguousarray(prediction.expected_j, np.float32),
        "superpixels": np.array([len(p) for p in prediction.probability], np.int64),
    }
    for name in ("probability", "refined"):
        frames = getattr(prediction, name)
        if frames:
            arrays[name] = np.concatenate(frames).astype(np.float32)
    if prediction.grouped:
        arrays["grouped"] = np.array(prediction.grouped, saved.labels.dtype)
    return bytes(save(arrays))


def decode_prediction(
    content: bytes, shape: tuple[int, int, int], model: str = ""
) -> SavedPrediction:
    """Decode a part written by :func:`encode_prediction`.

    Arrays are views of `content`; each frame of labels is decompressed once, to at
    most H x W bytes, to check it.

    Raises
    ------
    ReadError
        If the part does not have the expected arrays.
    """
    try:
        return _prediction(load(content), shape, model)
    except (SafetensorError, LookupError, ValueError, zlib.error) as error:
        raise ReadError(f"The prediction is damaged: {error}.") from error


def _prediction(
    arrays: Mapping[str, NDArray[Any]], shape: tuple[int, int, int], model: str
) -> SavedPrediction:
    starts = np.cumsum(arrays["label_bytes"])[:-1]
    packed = [part.tobytes() for part in np.split(arrays["labels"], starts)]
    objects = tuple(int(label) for label in arrays["objects"])
    dtype = label_dtype(max(objects, default=0))
    for frame in packed:
        unpack(frame, shape[1:], dtype)
    ends = np.cumsum(arrays["superpixels"])
    probability, refined = (
        tuple(np.split(arrays[name], ends[:-1])) if name in arrays else ()
        for name in ("probability", "refined")
    )
    for rows in (*probability, *refined):
        if rows.shape[1:] != (len(objects) + 1,):
            raise ValueError(f"probabilities have the shape {rows.shape}")
    grouped = tuple(int(label) for label in arrays.get("grouped", ()))
    if not {*grouped} <= {*objects}:
        raise ValueError(f"the objects are {objects}, and those of a group {grouped}")
    prediction = Prediction(
        objects, probability, arrays["expected_j"], model, refined, grouped
    )
    return SavedPrediction(prediction, LabelFrames(shape, packed, dtype))
