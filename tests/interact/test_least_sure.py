import numpy as np
import pytest

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.interact.least_sure import least_sure
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Prediction, Session
from tests.gui.fakes import video


def session(expected, drawn=()):
    expected = np.array(expected, np.float32)[:, None]
    pixels = np.zeros(len(drawn), np.int64)
    painted_pixels = PaintedPixels(
        np.array(drawn, np.int64), pixels, pixels, pixels + 1
    )
    prediction = Prediction((1,), (), expected)
    return Session(
        video(), graph=None, painted_pixels=painted_pixels, prediction=prediction
    )


def test_the_frame_that_expects_least_comes_first():
    order = [*least_sure(session([0.9, 0.9, 0.2, 0.9]))]
    assert order[0] == 2
    assert sorted(order) == [0, 1, 2, 3]


def test_frames_that_are_drawn_on_are_left_out():
    order = [*least_sure(session([0.1, 0.9, 0.8, 0.1], drawn=[0, 3]))]
    assert order == [2, 1]
    assert [*least_sure(session([0.5, 0.5], drawn=[0, 1]))] == []


def test_what_is_far_from_all_strokes_comes_before_what_is_near():
    order = [*least_sure(session([0.8] * 9, drawn=[0]))]
    assert order[0] == 8
    assert order[1] == 4  # farthest from the stroke and from what was looked at
    near = [*least_sure(session([0.8, 0.1, *[0.8] * 7], drawn=[0]))]
    assert near[0] == 1  # much worse beats farther


def test_there_must_be_an_answer():
    with pytest.raises(GnnVosError, match="Predict first"):
        next(least_sure(Session(video(), graph=None)))
