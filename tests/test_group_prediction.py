"""Predictions of a range of frames that is extended outwards."""

import numpy as np
import pytest

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, start
from napari_gnn_vos.engine.group_prediction import PredictedGroups, predict_groups
from napari_gnn_vos.engine.predicting import node_inputs
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import drain
from tests.scenes import equal_squares

FRAMES, FIRST = 9, 3


@pytest.fixture(scope="module")
def network():
    """Model, graph and inputs of two objects."""
    video, _, strokes = equal_squares(FRAMES, step=2)
    session = drain(start(video, Config(refine="none")))
    session = annotate(session, strokes, rng=np.random.default_rng(0))
    return load_model(device="cpu"), session.graph, node_inputs(session)


@pytest.mark.parametrize("streams", [True, False])
def test_extended_range_has_the_probabilities_of_the_whole_video(network, streams):
    predicted = PredictedGroups(*network, FIRST, streams=streams)
    assert list(predicted.extend(range(FIRST, FIRST + 1))) == [FIRST]
    near = [4, 2, 5] if streams else [2, 4, 5]
    assert list(predicted.extend(range(2, 6))) == near
    assert predicted.frames == range(2, 6)
    assert list(predicted.extend(range(4, 6))) == []
    drain_all(predicted.extend(range(FRAMES)))
    whole = np.concatenate(list(predict_groups(*network, range(FRAMES))), axis=1)
    np.testing.assert_array_equal(predicted.columns(range(FRAMES)), whole)


def test_range_begins_anywhere_without_streams(network):
    predicted = PredictedGroups(*network, 0, streams=False)
    assert list(predicted.extend(range(4, 6))) == [4, 5]
    assert predicted.frames == range(4, 6)


def drain_all(iterator):
    for _ in iterator:
        pass
